import type { Database } from '../database.ts'

export type PublicPreKey = { readonly id: number; readonly key: Uint8Array }

/** The one-time keys that linked devices have uploaded; each is handed out once. */
export type PreKeys = {
  add(number: string, device: number, keys: readonly PublicPreKey[]): void
  /** The oldest key, which is gone afterwards; undefined when there is none left. */
  take(number: string, device: number): PublicPreKey | undefined
  count(number: string, device: number): number
  remove(number: string, device: number): void
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS prekeys (
  number TEXT NOT NULL, device INTEGER NOT NULL, id INTEGER NOT NULL, key BLOB NOT NULL,
  PRIMARY KEY (number, device, id)) STRICT, WITHOUT ROWID`
const OF_DEVICE = 'FROM prekeys WHERE number = ? AND device = ?'

export function createPreKeys(db: Database): PreKeys {
  db.define(SCHEMA)
  return {
    add(number, device, keys) {
      for (const { id, key } of keys) {
        db.run(
          'INSERT OR REPLACE INTO prekeys (number, device, id, key) VALUES (?, ?, ?, ?)',
          number,
          device,
          id,
          key,
        )
      }
    },
    take(number, device) {
      const row = db.get(`SELECT id, key ${OF_DEVICE} ORDER BY id LIMIT 1`, number, device)
      if (row === undefined) return undefined
      db.run(`DELETE ${OF_DEVICE} AND id = ?`, number, device, Number(row.id))
      return { id: Number(row.id), key: row.key as Uint8Array }
    },
    count: (number, device) => Number(db.get(`SELECT count(*) AS n ${OF_DEVICE}`, number, device)?.n),
    remove: (number, device) => db.run(`DELETE ${OF_DEVICE}`, number, device),
    clear: () => db.run('DELETE FROM prekeys'),
  }
}
