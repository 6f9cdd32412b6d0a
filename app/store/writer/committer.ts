import { reasonOf } from '../../lib/error.ts'
import { step } from '../../lib/step.ts'
import { storeError } from '../database/failures.ts'
import type { Topic } from '../store.ts'
import { Chains } from './chains.ts'
import type { Answer, Request } from './protocol.ts'
import type { Source, Tx } from './transaction.ts'

/** The writes a committer knows: each gets the transaction and the arguments it was posted with. */
export type WriteTable = ReadonlyMap<string, (tx: Tx, args: unknown) => unknown>

export type Settled = {
  readonly answers: readonly Answer[]
  readonly topics: ReadonlySet<Topic>
}

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
  #emptiesLog = false

  constructor(source: Source, writes: WriteTable) {
    this.#source = source
    this.#writes = writes
  }

  /** Never throws: when the COMMIT fails, every write of the batch is answered with that failure. */
  commit(requests: readonly Request[]): Settled {
    const { db } = this.#source
    this.#undos = []
    this.#topics = new Set()
    this.#emptiesLog = false
    try {
      db.run('BEGIN IMMEDIATE')
      const answers = requests.map(request => this.#attempt(request))
      step('writer.before_commit')
      db.run('COMMIT')
      step('writer.committed')
      if (this.#emptiesLog) db.run('PRAGMA wal_checkpoint(TRUNCATE)')
      return { answers, topics: this.#topics }
    } catch (error) {
      this.#rollBack()
      return { answers: requests.map(({ id }) => failure(id, error)), topics: new Set() }
    }
  }

  #attempt(request: Request): Answer {
    const { db, vault } = this.#source
    const mark = this.#undos.length
    const touched: Topic[] = []
    const wishes: 'empty-log'[] = []
    const tx: Tx = {
      ...this.#source,
      chains: this.#chains,
      touch: topic => void touched.push(topic),
      emptyLog: () => void wishes.push('empty-log'),
      undo: step => void this.#undos.push(step),
    }
    db.run('SAVEPOINT one')
    try {
      const value = this.#write(tx, request)
      db.run('RELEASE one')
      for (const topic of touched) this.#topics.add(topic)
      if (wishes.length > 0) this.#emptiesLog = true
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
