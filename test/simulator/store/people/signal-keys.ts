import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore } from '@whiskeysockets/baileys'
import type { Database } from '../database.ts'
import { fromText, toText } from '../meta.ts'

/** The private side of the simulated phones: sessions, one-time keys, identities that they have seen. */
export type SignalKeys = {
  of(number: string): SignalKeyStore
  forget(number: string): void
  /** Hands keys on to the number that their owner has changed to. */
  move(from: string, to: string): void
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS signal_keys (
  number TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (number, type, id)) STRICT, WITHOUT ROWID`

export function createSignalKeys(db: Database): SignalKeys {
  db.define(SCHEMA)
  const stores = new Map<string, SignalKeyStore>()
  return {
    of(number) {
      const store = stores.get(number) ?? keyStore(db, number)
      stores.set(number, store)
      return store
    },
    forget(number) {
      stores.delete(number)
      db.flush()
      db.run('DELETE FROM signal_keys WHERE number = ?', number)
    },
    move(from, to) {
      stores.delete(from)
      db.flush()
      db.run('UPDATE signal_keys SET number = ? WHERE number = ?', to, from)
    },
    clear() {
      stores.clear()
      db.flush()
      db.run('DELETE FROM signal_keys')
    },
  }
}

/** Sessions are plain JSON as libsignal gives them. */
const SESSION = 'session'

/** Reads each value once and then keeps it; of the writes between two commits the last one goes through. */
function keyStore(db: Database, number: string): SignalKeyStore {
  const kept = new Map<string, unknown>()
  const load = (type: string, id: string): unknown => {
    const row = db.get(
      'SELECT value FROM signal_keys WHERE number = ? AND type = ? AND id = ?',
      number,
      type,
      id,
    )
    return row === undefined ? undefined : fromText(row.value)
  }
  return {
    get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      const found: { [id: string]: SignalDataTypeMap[T] } = {}
      for (const id of ids) {
        const key = `${type}|${id}`
        if (!kept.has(key)) kept.set(key, load(type, id))
        const value = kept.get(key)
        if (value !== undefined) found[id] = value as SignalDataTypeMap[T]
      }
      return found
    },
    set(changes: SignalDataSet) {
      for (const [type, entries] of Object.entries(changes)) {
        for (const [id, value] of Object.entries(entries)) {
          kept.set(`${type}|${id}`, value ?? undefined)
          db.defer(`${number}|${type}|${id}`, () => write(db, [number, type, id], value))
        }
      }
    },
  }
}

function write(db: Database, key: readonly [string, string, string], value: unknown): void {
  const [, type] = key
  if (value === null || value === undefined) {
    db.run('DELETE FROM signal_keys WHERE number = ? AND type = ? AND id = ?', ...key)
    return
  }
  db.run(
    'INSERT OR REPLACE INTO signal_keys (number, type, id, value) VALUES (?, ?, ?, ?)',
    ...key,
    type === SESSION ? JSON.stringify(value) : toText(value),
  )
}
