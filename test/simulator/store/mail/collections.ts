import type { Database } from '../database.ts'

/**
 * The app state that an account's devices share: an append-only list of encrypted patches for each
 * collection.
 */
export type Collections = {
  /** How many patches there are, which is the collection's version. */
  version(number: string, name: string): number
  after(number: string, name: string, version: number): readonly Uint8Array[]
  append(number: string, name: string, patch: Uint8Array): number
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS collections (
  number TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, patch BLOB NOT NULL,
  PRIMARY KEY (number, name, version)) STRICT, WITHOUT ROWID`

export function createCollections(db: Database): Collections {
  db.define(SCHEMA)
  const version = (number: string, name: string): number =>
    Number(
      db.get('SELECT max(version) AS n FROM collections WHERE number = ? AND name = ?', number, name)?.n ?? 0,
    )
  return {
    version,
    after: (number, name, from) =>
      db
        .all(
          'SELECT patch FROM collections WHERE number = ? AND name = ? AND version > ? ORDER BY version',
          ...[number, name, from],
        )
        .map(row => row.patch as Uint8Array),
    append(number, name, patch) {
      const next = version(number, name) + 1
      db.run(
        'INSERT INTO collections (number, name, version, patch) VALUES (?, ?, ?, ?)',
        ...[number, name, next, patch],
      )
      return next
    },
    clear: () => db.run('DELETE FROM collections'),
  }
}
