import type { Database } from '../database.ts'

/** A picture of a user or group: its id changes with each new one; the media host has it, not encrypted. */
export type Picture = { readonly id: string; readonly directPath: string }

/** Pictures by the number of a user or the JID of a group. */
export type Pictures = {
  of(owner: string): Picture | undefined
  put(owner: string, picture: Picture): void
  remove(owner: string): void
  /** Hands a picture on to the number that its owner has changed to. */
  move(from: string, to: string): void
  clear(): void
}

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS pictures (owner TEXT PRIMARY KEY, id TEXT NOT NULL, direct_path TEXT NOT NULL) STRICT'

export function createPictures(db: Database): Pictures {
  db.define(SCHEMA)
  return {
    of(owner) {
      const row = db.get('SELECT id, direct_path FROM pictures WHERE owner = ?', owner)
      return row === undefined ? undefined : { id: String(row.id), directPath: String(row.direct_path) }
    },
    put: (owner, { id, directPath }) =>
      db.run(
        'INSERT OR REPLACE INTO pictures (owner, id, direct_path) VALUES (?, ?, ?)',
        owner,
        id,
        directPath,
      ),
    remove: owner => db.run('DELETE FROM pictures WHERE owner = ?', owner),
    move: (from, to) => db.run('UPDATE pictures SET owner = ? WHERE owner = ?', to, from),
    clear: () => db.run('DELETE FROM pictures'),
  }
}
