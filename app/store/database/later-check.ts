import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { PosternError, reasonOf } from '../../lib/error.ts'
import type { Log } from '../../lib/log.ts'
import type { FailureListener } from '../writer/writer.ts'
import type { Checked } from './check-thread.ts'
import type { Connection } from './connection.ts'
import { quickCheck, tablesOf } from './quick-check.ts'

/** When the rush of a start is over: a check takes a second for every fifty thousand rows, and a process that is back is worth more. */
const AFTER_MS = 30_000

export type LaterCheck = {
  onFailure(listener: FailureListener): () => void
  stop(): Promise<void>
}

/**
 * True when a process has not closed the store and nobody has looked through it since. The log beside the database is gone
 * after every clean close; the mark stays until the check that is owed has been made, however many processes came between.
 */
export function isUnchecked(file: string): boolean {
  return existsSync(`${file}-wal`) || existsSync(uncheckedMarkOf(file))
}

/**
 * Before a store is used: the tables that all others stand on, when the last process did not close it; all tables, however
 * long it takes, when a check that came later has found damage. Throws `store.corrupt`.
 */
export function checkAtStart(db: Connection, file: string, { unclean }: { unclean: boolean }): void {
  const { first, rest } = tablesOf(db)
  const isMarked = existsSync(damagedMarkOf(file))
  if (unclean || isMarked) quickCheck(db, first)
  if (!isMarked) return
  quickCheck(db, rest)
  rmSync(damagedMarkOf(file))
}

/**
 * Looks through all other tables in a thread of its own, a while after the start, or after the next one when this
 * process ends before. When something is damaged, it tells its listeners, and the next start refuses the store.
 */
export function checkLater(
  file: string,
  { log, afterMs = AFTER_MS }: { log: Log; afterMs?: number | undefined },
): LaterCheck {
  const listeners = new Set<FailureListener>()
  mark()
  let worker: Worker | undefined
  const timer = setTimeout(() => {
    worker = new Worker(new URL('./check-thread.ts', import.meta.url), {
      workerData: file,
      name: 'postern-check',
    })
    worker.once('message', (checked: Checked) => told(checked))
    worker.once('error', error => log.error('store.check_failed', { reason: reasonOf(error) }))
    worker.unref()
  }, afterMs)
  timer.unref()

  function mark(): void {
    try {
      writeFileSync(uncheckedMarkOf(file), '', { mode: 0o600 })
    } catch (error) {
      log.error('store.check_failed', { reason: reasonOf(error) }) // a full disk must not keep it from starting
    }
  }

  function told(checked: Checked): void {
    if (checked.kind === 'sound') {
      rmSync(uncheckedMarkOf(file), { force: true })
      log.info('store.checked', { tables: checked.tables, ms: checked.ms })
      return
    }
    if (checked.kind === 'unknown') {
      log.error('store.check_failed', { reason: checked.reason })
      return
    }
    writeFileSync(damagedMarkOf(file), checked.reason, { mode: 0o600 })
    for (const listener of [...listeners]) listener(new PosternError('store.corrupt', checked.reason))
  }

  return {
    onFailure(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async stop() {
      clearTimeout(timer)
      await worker?.terminate()
    },
  }
}

function damagedMarkOf(file: string): string {
  return `${file}-damaged`
}

function uncheckedMarkOf(file: string): string {
  return `${file}-unchecked`
}
