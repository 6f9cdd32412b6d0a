import { createSecretKey, type KeyObject } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PosternError } from '../../../app/lib/error.ts'
import { silentLog } from '../../../app/lib/log.ts'
import { Secret } from '../../../app/lib/secret.ts'
import type { Access } from '../../../app/store/access.ts'
import { Vault } from '../../../app/store/crypto/vault.ts'
import { Connection } from '../../../app/store/database/connection.ts'
import { openStore, storeOver } from '../../../app/store/open.ts'
import type { Store, Topic } from '../../../app/store/store.ts'
import { Committer, MOST_WRITES_A_COMMIT, type WriteTable } from '../../../app/store/writer/committer.ts'
import { operations } from '../../../app/store/writer/operations.ts'
import type { Request } from '../../../app/store/writer/protocol.ts'
import type { Clock } from './clock.ts'
import type { Dice } from './dice.ts'

/** The files of one run. What is committed outlives every life. */
export type Disk = { open(life: LifeOnDisk): Store; remove(): void }

export type LifeOnDisk = {
  readonly clock: Clock
  readonly dice: Dice
  /** Of a hundred COMMITs, how many fail. */
  readonly failPercent: () => number
  /** True once this life has ended: nothing is committed any more and nobody hears an answer. */
  readonly over: () => boolean
}

const KEY = Buffer.alloc(32, 3)
const COMMIT_MS = { least: 1, most: 6 }
/** Memory that SQLite takes for a disk, because the simulation drops processes and not power. */
const SHM = '/dev/shm'

const ROOMY: Access['disk'] = { state: () => ({ level: 'ok', used: 0 }), onChange: () => {} }

/** Makes an empty store once; every run begins with a copy of it. */
export async function emptyStore(): Promise<{ disk(): Disk; remove(): void }> {
  const folder = mkdtempSync(join(folderForDisks(), 'postern-simulation-'))
  const log = silentLog
  const made = await openStore({ dataDir: folder, key: new Secret(KEY), now: () => new Date(), log })
  await made.close()
  let count = 0
  return {
    disk() {
      const file = join(folder, `run-${count++}.db`)
      copyFileSync(join(folder, 'postern.db'), file)
      return diskOf(file)
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function folderForDisks(): string {
  try {
    rmSync(mkdtempSync(join(SHM, 'postern-probe-')), { recursive: true })
    return SHM
  } catch {
    return tmpdir()
  }
}

/** The connections outlive the lives as well, because to prepare every statement anew costs more than to run it. */
function diskOf(file: string): Disk {
  const writing = Connection.open(file, 'write')
  const reading = Connection.open(file, 'read')
  let close = () => {}
  return {
    open(life) {
      close()
      if (writing.inTransaction) writing.run('ROLLBACK')
      let closed = false
      close = () => {
        closed = true
      }
      const isClosed = () => closed
      const key = createSecretKey(KEY)
      const db = ofLife(reading, { isClosed, fails: () => false })
      const writer = writerOn({ disk: writing, isClosed }, key, life)
      return storeOver(
        { reader: { db, vault: new Vault(db, key) }, writer, now: life.clock.now, disk: ROOMY },
        async () => {},
      )
    },
    remove() {
      close()
      for (const connection of [writing, reading]) connection.close()
      for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
    },
  }
}

type Fate = { readonly isClosed: () => boolean; readonly fails: () => boolean }

/** The connection as one life has it: closed when the next begins, and its COMMIT fails when it is to. */
function ofLife(db: Connection, { isClosed, fails }: Fate): Connection {
  return new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (isClosed()) throw new PosternError('store.closed', 'the store is closed')
        if (name === 'run' && args[0] === 'COMMIT' && fails()) {
          throw new PosternError('store.full', 'the disk is full')
        }
        return value.apply(target, args)
      }
    },
  })
}

type Asked = { resolve(value: unknown): void; reject(error: Error): void }

/** The real committer without its thread: writes that are asked for within a few milliseconds share a commit. */
function writerOn(
  { disk, isClosed }: { disk: Connection; isClosed: () => boolean },
  key: KeyObject,
  life: LifeOnDisk,
): Access['writer'] {
  const { clock, dice, over, failPercent } = life
  const table = new Map(Object.entries(operations)) as WriteTable
  let failing = false
  const db = ofLife(disk, { isClosed, fails: () => over() || failing })
  const committer = new Committer({ db, vault: new Vault(db, key) }, table)
  const asked = new Map<number, Asked>()
  const listeners = new Set<(topics: ReadonlySet<Topic>) => void>()
  const queue: Request[] = []
  let nextId = 1

  function commit(): void {
    const batch = queue.splice(0, MOST_WRITES_A_COMMIT)
    failing = dice.chance(failPercent())
    const { answers, topics } = committer.commit(batch)
    if (queue.length > 0) later()
    if (over()) return
    for (const answer of answers) {
      if (answer.ok) asked.get(answer.id)?.resolve(answer.value)
      else asked.get(answer.id)?.reject(new PosternError(answer.code, answer.message))
      asked.delete(answer.id)
    }
    if (topics.size > 0) for (const listener of [...listeners]) listener(topics)
  }

  function later(): void {
    clock.after(dice.between(COMMIT_MS.least, COMMIT_MS.most), commit)
  }

  function run(name: string, args: unknown): Promise<unknown> {
    const id = nextId++
    if (queue.push({ id, name, args: structuredClone(args) }) === 1) later()
    return new Promise((resolve, reject) => asked.set(id, { resolve, reject }))
  }

  return {
    run: run as Access['writer']['run'],
    onCommit(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onFailure: () => () => {},
  }
}
