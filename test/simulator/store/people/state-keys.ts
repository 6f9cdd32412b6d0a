import { randomBytes } from 'node:crypto'
import type { Database, Row } from '../database.ts'

/** A key that the app state of an account is encrypted with. */
export type StateKey = {
  readonly id: Buffer
  readonly key: Buffer
  /** Milliseconds since 1970. */
  readonly at: number
}

/** The app state keys of every account, which its phone makes and hands to its companions. */
export type StateKeys = {
  /** All that there were, the newest last; the first is made when it is asked for. */
  list(number: string, now: Date): readonly StateKey[]
  /** Makes a new one, which all later patches are encrypted with. */
  add(number: string, now: Date): StateKey
  /** Hands keys on to the number that their owner has changed to. */
  move(from: string, to: string): void
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS state_keys (
  number TEXT NOT NULL, epoch INTEGER NOT NULL, key BLOB NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (number, epoch)) STRICT, WITHOUT ROWID`
const KEY_BYTES = 32
/** A key's id: the device that has made it, the phone, and the epoch that it begins. */
const ID_BYTES = 6

export function createStateKeys(db: Database): StateKeys {
  db.define(SCHEMA)
  const all = (number: string) =>
    db.all('SELECT * FROM state_keys WHERE number = ? ORDER BY epoch', number).map(fromRow)
  const add = (number: string, now: Date): StateKey => {
    const epoch = all(number).length + 1
    const key = randomBytes(KEY_BYTES)
    const at = now.getTime()
    db.run('INSERT INTO state_keys (number, epoch, key, at) VALUES (?, ?, ?, ?)', number, epoch, key, at)
    return { id: idOf(epoch), key, at }
  }
  return {
    list(number, now) {
      const known = all(number)
      return known.length > 0 ? known : [add(number, now)]
    },
    add,
    move: (from, to) => db.run('UPDATE state_keys SET number = ? WHERE number = ?', to, from),
    clear: () => db.run('DELETE FROM state_keys'),
  }
}

function idOf(epoch: number): Buffer {
  const id = Buffer.alloc(ID_BYTES)
  id.writeUInt32BE(epoch, ID_BYTES - 4)
  return id
}

function fromRow(row: Row): StateKey {
  return { id: idOf(Number(row.epoch)), key: Buffer.from(row.key as Uint8Array), at: Number(row.at) }
}
