import type { Database } from '../database.ts'

/** A picture of a user or group: its id changes with each new one. */
export type Picture = { readonly id: string; readonly bytes: Uint8Array }

/** Pictures by the number of a user or the JID of a group. */
export type Pictures = {
  of(owner: string): Picture | undefined
  byId(id: string): Picture | undefined
  put(owner: string, picture: Picture): void
  remove(owner: string): void
  move(from: string, to: string): void
  clear(): void
}

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS pictures (owner TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, bytes BLOB NOT NULL) STRICT'

export function createPictures(db: Database): Pictures {
  db.define(SCHEMA)
  const one = (sql: string, key: string): Picture | undefined => {
    const row = db.get(sql, key)
    return row === undefined ? undefined : { id: String(row.id), bytes: row.bytes as Uint8Array }
  }
  return {
    of: owner => one('SELECT id, bytes FROM pictures WHERE owner = ?', owner),
    byId: id => one('SELECT id, bytes FROM pictures WHERE id = ?', id),
    put: (owner, { id, bytes }) =>
      db.run('INSERT OR REPLACE INTO pictures (owner, id, bytes) VALUES (?, ?, ?)', owner, id, bytes),
    remove: owner => db.run('DELETE FROM pictures WHERE owner = ?', owner),
    move: (from, to) => db.run('UPDATE pictures SET owner = ? WHERE owner = ?', to, from),
    clear: () => db.run('DELETE FROM pictures'),
  }
}
