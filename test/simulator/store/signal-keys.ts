import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore } from '@whiskeysockets/baileys'
import type { Database } from './database.ts'
import { fromText, toText } from './meta.ts'

/** The private side of the simulated phones: sessions, one-time keys, identities that they have seen. */
export type SignalKeys = {
  of(number: string): SignalKeyStore
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS signal_keys (
  number TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (number, type, id)) STRICT, WITHOUT ROWID`

export function createSignalKeys(db: Database): SignalKeys {
  db.define(SCHEMA)
  return { of: number => keyStore(db, number), clear: () => db.run('DELETE FROM signal_keys') }
}

function keyStore(db: Database, number: string): SignalKeyStore {
  return {
    get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      const found: { [id: string]: SignalDataTypeMap[T] } = {}
      for (const id of ids) {
        const row = db.get(
          'SELECT value FROM signal_keys WHERE number = ? AND type = ? AND id = ?',
          number,
          type,
          id,
        )
        if (row !== undefined) found[id] = fromText(row.value) as SignalDataTypeMap[T]
      }
      return found
    },
    set(changes: SignalDataSet) {
      for (const [type, entries] of Object.entries(changes)) {
        for (const [id, value] of Object.entries(entries)) write(db, [number, type, id], value)
      }
    },
  }
}

function write(db: Database, key: readonly [string, string, string], value: unknown): void {
  if (value === null || value === undefined) {
    db.run('DELETE FROM signal_keys WHERE number = ? AND type = ? AND id = ?', ...key)
    return
  }
  db.run(
    'INSERT OR REPLACE INTO signal_keys (number, type, id, value) VALUES (?, ?, ?, ?)',
    ...key,
    toText(value),
  )
}
