import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

/** One table's statements, with rows given back as plain records. */
export type Row = Record<string, unknown>

/** So long passes from one commit to the next at the least, and so long where much waited for the last. */
const PACE_MS = 5
const BUSY_PACE_MS = 20
const BUSY_FROM = 8

/**
 * The simulator's memory: one SQLite file, or none for a simulator that forgets. Writes go into an open transaction that
 * is committed when the event loop comes round, though not more often than the pace allows, so that many small writes cost
 * one commit; `committed` is what an acknowledgement waits for. A unit (one message decrypted, one message sent) is never cut in two by a commit: a killed
 * simulator has either the advanced ratchet and the inbox entry or neither.
 */
export class Database {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  /** Writes put off until the commit, by what they write. */
  readonly #deferred = new Map<string, () => void>()
  #inTransaction = false
  #committedAt = 0
  #paceMs = PACE_MS
  #timer: NodeJS.Timeout | undefined
  #scheduled = false
  #unitsRunning = 0
  #units: Promise<unknown> = Promise.resolve()
  #waiting: (() => void)[] = []
  #closed = false

  constructor(file: string) {
    this.#db = new DatabaseSync(file)
    // Without fsync: what is written survives the end of the process, which is all that a simulator must survive.
    this.#db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
  }

  /** Creates a table's schema; called once by its owner. */
  define(schema: string): void {
    this.#db.exec(schema)
  }

  /** Gives how many rows it has changed. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    this.#begin()
    return Number(this.#statement(sql).run(...values).changes)
  }

  /** Puts off a write until the commit; a later one of the same name takes its place. Its owner answers for reads until then. */
  defer(name: string, write: () => void): void {
    this.#begin()
    this.#deferred.set(name, write)
  }

  /** Takes back a write that has been put off; false when it is done already. */
  forget(name: string): boolean {
    return this.#deferred.delete(name)
  }

  /** Does what has been put off. */
  flush(): void {
    for (const write of this.#deferred.values()) write()
    this.#deferred.clear()
  }

  get(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values)
  }

  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#statement(sql).all(...values)
  }

  /** Runs `work` alone, after the units before it, and never lets a commit fall into it. */
  async unit<T>(work: () => Promise<T>): Promise<T> {
    this.#unitsRunning++
    const done = this.#units.then(work)
    this.#units = done.then(
      () => this.#unitEnded(),
      () => this.#unitEnded(),
    )
    return done
  }

  /** Resolves when everything written so far has been committed. */
  async committed(): Promise<void> {
    if (!this.#inTransaction) return
    await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  /** True once it has been closed: what is still under way must be dropped. */
  get isClosed(): boolean {
    return this.#closed
  }

  /** Waits for the units under way, commits and closes. */
  async close(): Promise<void> {
    await this.#units
    clearTimeout(this.#timer)
    this.#commit()
    this.#closed = true
    this.#db.close()
  }

  #unitEnded(): void {
    this.#unitsRunning--
    if (this.#waiting.length > 0 || this.#unitsRunning === 0) this.#commitAtPace()
  }

  #begin(): void {
    if (this.#closed) throw new Error('the simulator has been stopped')
    if (this.#inTransaction) return
    this.#db.exec('BEGIN')
    this.#inTransaction = true
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (this.#unitsRunning === 0) this.#commitAtPace()
    })
  }

  /** Commits, or sees to it that it happens when the last commit is long enough ago. */
  #commitAtPace(): void {
    const waitMs = this.#committedAt + this.#paceMs - performance.now()
    if (waitMs <= 0) this.#commit()
    else
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        if (this.#unitsRunning === 0) this.#commit()
      }, waitMs)
  }

  #commit(): void {
    if (!this.#inTransaction) return
    this.flush()
    this.#db.exec('COMMIT')
    this.#inTransaction = false
    this.#committedAt = performance.now()
    const waiting = this.#waiting
    this.#waiting = []
    this.#paceMs = waiting.length < BUSY_FROM ? PACE_MS : BUSY_PACE_MS
    for (const resolve of waiting) resolve()
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
