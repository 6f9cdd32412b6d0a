import type { Database } from '../database.ts'

/** A message as a phone decrypted it, kept because later messages refer to it: replies, votes, forwards. */
export type ReceivedMessage = {
  readonly id: string
  /** The sender's number, without `+`. */
  readonly sender: string
  readonly message: Uint8Array
}

export type Received = {
  add(number: string, received: ReceivedMessage): void
  find(number: string, id: string): ReceivedMessage | undefined
  /** Hands messages on to the number that their owner has changed to. */
  move(from: string, to: string): void
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS received (
  number TEXT NOT NULL, id TEXT NOT NULL, sender TEXT NOT NULL, message BLOB NOT NULL,
  PRIMARY KEY (number, id, sender)) STRICT, WITHOUT ROWID`

export function createReceived(db: Database): Received {
  db.define(SCHEMA)
  return {
    add: (number, { id, sender, message }) =>
      db.run(
        'INSERT OR IGNORE INTO received (number, id, sender, message) VALUES (?, ?, ?, ?)',
        ...[number, id, sender, message],
      ),
    find(number, id) {
      const row = db.get('SELECT * FROM received WHERE number = ? AND id = ?', number, id)
      if (row === undefined) return undefined
      return { id: String(row.id), sender: String(row.sender), message: row.message as Uint8Array }
    },
    move: (from, to) => db.run('UPDATE received SET number = ? WHERE number = ?', to, from),
    clear: () => db.run('DELETE FROM received'),
  }
}
