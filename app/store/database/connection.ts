import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { PosternError } from '../../lib/error.ts'
import { storeError } from './failures.ts'

/** A pragma with what reading it back must give. */
type Pragma = readonly [name: string, value: string, want: string | number]

const BUSY_WAIT_MS = 5_000

const SHARED: readonly Pragma[] = [
  ['busy_timeout', String(BUSY_WAIT_MS), BUSY_WAIT_MS],
  ['trusted_schema', 'OFF', 0],
  ['temp_store', 'MEMORY', 2],
]

/**
 * What a promise of this store stands on. FULL makes COMMIT wait for the disk; recursive triggers let the audit's
 * triggers see a REPLACE as well; secure delete overwrites a removed data key in its page.
 */
const WRITING: readonly Pragma[] = [
  ['journal_mode', 'WAL', 'wal'],
  ['synchronous', 'FULL', 2],
  ['foreign_keys', 'ON', 1],
  ['recursive_triggers', 'ON', 1],
  ['secure_delete', 'ON', 1],
]

/** One SQLite connection with its prepared statements. Every error is a PosternError; after `close` its code is `store.closed`. */
export class Connection {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** `write` sets and then asserts everything durability rests on: throws `store.unsafe` where the database refuses one. */
  static open(file: string, mode: 'read' | 'write'): Connection {
    const connection = storeError.around(
      () => new Connection(new DatabaseSync(file, { readOnly: mode === 'read' })),
    )
    try {
      for (const pragma of mode === 'write' ? [...SHARED, ...WRITING] : SHARED) connection.#insistOn(pragma)
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  private constructor(db: DatabaseSync) {
    this.#db = db
  }

  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return storeError.around(() => this.#statement(sql).get(...values) as Row | undefined)
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return storeError.around(() => this.#statement(sql).all(...values) as Row[])
  }

  /** Answers how many rows changed and the row id of an insert. */
  run(sql: string, ...values: SQLInputValue[]): { readonly changes: number; readonly rowId: number } {
    const done = storeError.around(() => this.#statement(sql).run(...values))
    return { changes: Number(done.changes), rowId: Number(done.lastInsertRowid) }
  }

  /** Several statements at once, unprepared. */
  script(sql: string): void {
    storeError.around(() => this.#db.exec(sql))
  }

  /** All of `act` or nothing. */
  transaction<T>(act: () => T): T {
    this.run('BEGIN IMMEDIATE')
    try {
      const answer = act()
      this.run('COMMIT')
      return answer
    } catch (error) {
      if (this.inTransaction) this.run('ROLLBACK')
      throw error
    }
  }

  /** Several reads of one state: what another connection commits meanwhile is in all of them or in none. */
  snapshot<T>(read: () => T): T {
    this.run('BEGIN')
    try {
      return read()
    } finally {
      this.run('COMMIT')
    }
  }

  /** False as well when SQLite has rolled back on its own, as it does when the disk is full. */
  get inTransaction(): boolean {
    return this.#db.isOpen && this.#db.isTransaction
  }

  close(): void {
    this.#statements.clear()
    if (this.#db.isOpen) this.#db.close()
  }

  #statement(sql: string): StatementSync {
    if (!this.#db.isOpen) throw new PosternError('store.closed', 'the store is closed')
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #insistOn([name, value, want]: Pragma): void {
    this.script(`PRAGMA ${name} = ${value}`)
    const got = Object.values(this.get<Record<string, unknown>>(`PRAGMA ${name}`) ?? {})[0]
    if (got === want) return
    throw new PosternError(
      'store.unsafe',
      `the database does not take ${name} = ${value} (it stays ${String(got)}): move the data folder to a local disk`,
    )
  }
}
