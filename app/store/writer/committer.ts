import { PosternError, reasonOf } from '../../lib/error.ts'
import { step } from '../../lib/step.ts'
import { storeError } from '../database/failures.ts'
import type { Topic } from '../store.ts'
import { Chains } from './chains.ts'
import type { Answer, Request } from './protocol.ts'
import type { Source, Tx } from './transaction.ts'

/** The writes a committer knows: each gets the transaction and the arguments it was posted with. */
export type WriteTable = ReadonlyMap<string, (tx: Tx, args: unknown) => unknown>

export type Settled = { readonly answers: readonly Answer[]; readonly topics: ReadonlySet<Topic> }

/** Most writes that one COMMIT carries; the 101st waits for the next. */
export const MOST_WRITES_A_COMMIT = 100

/**
 * Group commit: runs a batch of writes in one transaction, each in a savepoint of its own, so that one that fails fails
 * alone; answers all of them after the one COMMIT, whose wait for the disk they share.
 */
export class Committer {
  readonly #source: Source
  readonly #writes: WriteTable
  readonly #chains = new Chains()
  #undos: (() => void)[] = []
  #topics = new Set<Topic>()
  /** The requests whose writes want the log emptied. */
  #emptying = new Set<number>()

  constructor(source: Source, writes: WriteTable) {
    this.#source = source
    this.#writes = writes
  }

  /** Never throws: when the COMMIT fails, every write of the batch is answered with that failure. */
  commit(requests: readonly Request[]): Settled {
    const { db } = this.#source
    this.#undos = []
    this.#topics = new Set()
    this.#emptying = new Set()
    try {
      db.run('BEGIN IMMEDIATE')
      const answers = requests.map(request => this.#attempt(request))
      step('writer.before_commit')
      db.run('COMMIT')
      step('writer.committed')
      return { answers: this.#emptyLog(answers), topics: this.#topics }
    } catch (error) {
      this.#rollBack()
      return { answers: requests.map(({ id }) => failure(id, error)), topics: new Set() }
    }
  }

  #attempt(request: Request): Answer {
    const { db, vault } = this.#source
    const mark = this.#undos.length
    const touched: Topic[] = []
    let emptiesLog = false
    const tx: Tx = {
      ...this.#source,
      chains: this.#chains,
      touch: topic => void touched.push(topic),
      emptyLog() {
        emptiesLog = true
      },
      undo: step => void this.#undos.push(step),
    }
    db.run('SAVEPOINT one')
    try {
      const value = this.#write(tx, request)
      db.run('RELEASE one')
      for (const topic of touched) this.#topics.add(topic)
      if (emptiesLog) this.#emptying.add(request.id)
      return { id: request.id, ok: true, value }
    } catch (error) {
      if (!db.inTransaction) throw error // a full disk: SQLite has rolled everything back by itself
      db.run('ROLLBACK TO one')
      db.run('RELEASE one')
      vault.keyring.forget()
      this.#undoBackTo(mark)
      return failure(request.id, error)
    }
  }

  /** Never throws. What is committed stays: that the log still holds pages as they were is told to those alone who asked. */
  #emptyLog(answers: readonly Answer[]): readonly Answer[] {
    if (this.#emptying.size === 0) return answers
    try {
      const sql = 'PRAGMA wal_checkpoint(TRUNCATE)'
      if (this.#source.db.get<{ busy: number }>(sql)?.busy === 0) return answers
      throw new PosternError('store.busy', 'the log of the database is being read, and could not be emptied')
    } catch (error) {
      return answers.map(answer => (this.#emptying.has(answer.id) ? failure(answer.id, error) : answer))
    }
  }

  #write(tx: Tx, { name, args }: Request): unknown {
    const write = this.#writes.get(name)
    if (write === undefined) throw new Error(`no write is called ${name}`)
    return write(tx, args)
  }

  #rollBack(): void {
    const { db, vault } = this.#source
    if (db.inTransaction) db.run('ROLLBACK')
    vault.keyring.forget()
    this.#undoBackTo(0)
  }

  #undoBackTo(mark: number): void {
    for (const step of this.#undos.splice(mark).reverse()) step()
  }
}

function failure(id: number, error: unknown): Answer {
  return { id, ok: false, code: storeError.of(error).code, message: reasonOf(error) }
}
