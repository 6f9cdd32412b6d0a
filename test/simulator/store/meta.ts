import { BufferJSON } from '@whiskeysockets/baileys'
import type { Database } from './database.ts'

/** Single values that outlive a restart: the server's keys, the count of starts. */
export type Meta = {
  get(key: string): unknown
  put(key: string, value: unknown): void
}

export function createMeta(db: Database): Meta {
  db.define('CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT')
  return {
    get(key) {
      const row = db.get('SELECT value FROM meta WHERE key = ?', key)
      return row === undefined ? undefined : fromText(row.value)
    },
    put(key, value) {
      db.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, toText(value))
    },
  }
}

/** JSON that keeps buffers, as Baileys writes its own credentials. */
export function toText(value: unknown): string {
  return JSON.stringify(value, BufferJSON.replacer)
}

export function fromText(text: unknown): unknown {
  return JSON.parse(String(text), BufferJSON.reviver)
}
