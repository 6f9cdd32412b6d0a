import type { Database } from '../database.ts'

/** What is in force about one thing: the last mutation that set it. */
export type StateRecord = {
  /** What the network names it by: a MAC of the index. */
  readonly indexMac: Uint8Array
  /** The SyncdRecord, encrypted, as it came. */
  readonly sealed: Uint8Array
  /** The index as the phone decrypted it: JSON text such as `["pin_v1","…"]`. */
  readonly index: string
  /** The SyncActionValue as the phone decrypted it. */
  readonly action: Uint8Array
}

/** One version more: what it does to the records, and the hash over all that are then in force. */
export type NextVersion = {
  readonly hash: Uint8Array
  /** The SyncdPatch, encrypted, with its version inside. */
  readonly patch: Uint8Array
  readonly set: readonly StateRecord[]
  /** Index MACs of records that are gone. */
  readonly removed: readonly Uint8Array[]
}

/** The app state that the devices of an account share: for each collection the patches, and what they come to. */
export type Collections = {
  /** How many patches there are, which is the collection's version. */
  version(number: string, name: string): number
  /** The hash over all records in force; undefined before the first patch. */
  hash(number: string, name: string): Buffer | undefined
  /** What is in force, in the order in which it was first set. */
  records(number: string, name: string): readonly StateRecord[]
  record(number: string, name: string, indexMac: Uint8Array): StateRecord | undefined
  /** At most `limit` patches after a version. */
  after(number: string, name: string, from: { version: number; limit: number }): readonly Uint8Array[]
  append(number: string, name: string, next: NextVersion): number
  /** Hands the state on to the number that its owner has changed to. */
  move(from: string, to: string): void
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS state_patches (
  number TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL, patch BLOB NOT NULL,
  PRIMARY KEY (number, name, version)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS state_records (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, name TEXT NOT NULL, index_mac BLOB NOT NULL,
  sealed BLOB NOT NULL, index_ TEXT NOT NULL, action BLOB NOT NULL, UNIQUE (number, name, index_mac)) STRICT`
const OF_COLLECTION = 'WHERE number = ? AND name = ?'
const PUT = `INSERT INTO state_records (number, name, index_mac, sealed, index_, action) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (number, name, index_mac) DO UPDATE SET
  sealed = excluded.sealed, index_ = excluded.index_, action = excluded.action`

export function createCollections(db: Database): Collections {
  db.define(SCHEMA)
  const last = (number: string, name: string) =>
    db.get(
      `SELECT version, hash FROM state_patches ${OF_COLLECTION} ORDER BY version DESC LIMIT 1`,
      number,
      name,
    )
  const version = (number: string, name: string): number => Number(last(number, name)?.version ?? 0)
  return {
    version,
    hash(number, name) {
      const row = last(number, name)
      return row === undefined ? undefined : Buffer.from(row.hash as Uint8Array)
    },
    records: (number, name) =>
      db.all(`SELECT * FROM state_records ${OF_COLLECTION} ORDER BY seq`, number, name).map(fromRow),
    record(number, name, indexMac) {
      const row = db.get(
        `SELECT * FROM state_records ${OF_COLLECTION} AND index_mac = ?`,
        number,
        name,
        indexMac,
      )
      return row === undefined ? undefined : fromRow(row)
    },
    after: (number, name, from) =>
      db
        .all(
          `SELECT patch FROM state_patches ${OF_COLLECTION} AND version > ? ORDER BY version LIMIT ?`,
          ...[number, name, from.version, from.limit],
        )
        .map(row => row.patch as Uint8Array),
    append(number, name, { hash, patch, set, removed }) {
      const next = version(number, name) + 1
      db.run(
        'INSERT INTO state_patches (number, name, version, hash, patch) VALUES (?, ?, ?, ?, ?)',
        ...[number, name, next, hash, patch],
      )
      for (const mac of removed) {
        db.run(`DELETE FROM state_records ${OF_COLLECTION} AND index_mac = ?`, number, name, mac)
      }
      for (const { indexMac, sealed, index, action } of set) {
        db.run(PUT, number, name, indexMac, sealed, index, action)
      }
      return next
    },
    move(from, to) {
      db.run('UPDATE state_patches SET number = ? WHERE number = ?', to, from)
      db.run('UPDATE state_records SET number = ? WHERE number = ?', to, from)
    },
    clear() {
      db.run('DELETE FROM state_patches')
      db.run('DELETE FROM state_records')
    },
  }
}

function fromRow(row: Readonly<Record<string, unknown>>): StateRecord {
  return {
    indexMac: row.index_mac as Uint8Array,
    sealed: row.sealed as Uint8Array,
    index: String(row.index_),
    action: row.action as Uint8Array,
  }
}
