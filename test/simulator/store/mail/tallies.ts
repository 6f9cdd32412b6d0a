import type { Database, Row } from '../database.ts'

/** What a client did that WhatsApp would refuse or a correct client would never do. */
export type ViolationKind =
  | 'bad-app-state'
  | 'bad-ciphertext'
  | 'bad-device-identity'
  | 'bad-media'
  | 'bad-signature'
  | 'bad-vote'
  | 'malformed-stanza'
  | 'message-id-reused'
  | 'noise-failure'
  | 'unknown-prekey'
  | 'unknown-sender-key'
  | 'wrong-destination'
  | 'wrong-device-list'

export type Violation = {
  readonly kind: ViolationKind
  /** The account's number with `+`, when it is known by then. */
  readonly account?: string
  readonly detail: string
  readonly at: string
}

export type TallyName =
  | 'messages_in'
  | 'messages_out'
  | 'repeats'
  | 'retries'
  | 'nacks'
  | 'stale_device_lists'
  | 'stale_sender_keys'
  | 'unknown_recipients'

/** Counts by account, and the violations. Both survive a restart. */
export type Tallies = {
  count(name: TallyName, account: string): void
  totals(): Readonly<Record<TallyName, number>>
  ofAccount(account: string): Readonly<Partial<Record<TallyName, number>>>
  violation(violation: Violation): void
  violationCount(account?: string): number
  lastViolations(limit: number): readonly Violation[]
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS tallies (
  account TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (account, name)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS violations (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, account TEXT, detail TEXT NOT NULL, at TEXT NOT NULL) STRICT`
const ADD = `INSERT INTO tallies (account, name, n) VALUES (?, ?, ?)
  ON CONFLICT (account, name) DO UPDATE SET n = n + excluded.n`
const NAMES: readonly TallyName[] = [
  'messages_in',
  'messages_out',
  'repeats',
  'retries',
  'nacks',
  'stale_device_lists',
  'stale_sender_keys',
  'unknown_recipients',
]

export function createTallies(db: Database): Tallies {
  db.define(SCHEMA)
  const pending = new Map<string, number>()
  return {
    count(name, account) {
      const key = `tally|${account}|${name}`
      pending.set(key, (pending.get(key) ?? 0) + 1)
      db.defer(key, () => {
        db.run(ADD, account, name, pending.get(key) ?? 0)
        pending.delete(key)
      })
    },
    totals() {
      db.flush()
      const rows = db.all('SELECT name, sum(n) AS n FROM tallies GROUP BY name')
      const sums = new Map(rows.map(row => [row.name, Number(row.n)]))
      return Object.fromEntries(NAMES.map(name => [name, sums.get(name) ?? 0])) as Record<TallyName, number>
    },
    ofAccount(account) {
      db.flush()
      const rows = db.all('SELECT name, n FROM tallies WHERE account = ?', account)
      return Object.fromEntries(rows.map(row => [row.name, Number(row.n)]))
    },
    violation({ kind, account, detail, at }) {
      const values = [kind, account ?? null, detail, at]
      db.run('INSERT INTO violations (kind, account, detail, at) VALUES (?, ?, ?, ?)', ...values)
    },
    violationCount: account =>
      account === undefined
        ? Number(db.get('SELECT count(*) AS n FROM violations')?.n)
        : Number(db.get('SELECT count(*) AS n FROM violations WHERE account = ?', account)?.n),
    lastViolations: limit =>
      db.all('SELECT * FROM violations ORDER BY seq DESC LIMIT ?', limit).map(fromRow).reverse(),
    clear() {
      db.flush()
      db.run('DELETE FROM tallies')
      db.run('DELETE FROM violations')
    },
  }
}

function fromRow(row: Row): Violation {
  const account = row.account === null ? {} : { account: String(row.account) }
  return { kind: row.kind as ViolationKind, ...account, detail: String(row.detail), at: String(row.at) }
}
