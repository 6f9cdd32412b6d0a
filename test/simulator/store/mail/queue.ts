import { deserialize, serialize } from 'node:v8'
import type { Stanza } from '../../wire/stanza.ts'
import type { Database, Row } from '../database.ts'

export type QueuedKind = 'message' | 'receipt' | 'notification'

/** Where a stanza goes: a device of a user; device 0 is the phone. */
export type Mailbox = { readonly number: string; readonly device: number }

/** What a device's keys and messages are kept under: for a phone its number. */
export function boxOf({ number, device }: Mailbox): string {
  return device === 0 ? number : `${number}:${device}`
}

export type Queued = {
  readonly seq: number
  readonly mailbox: Mailbox
  readonly kind: QueuedKind
  readonly node: Stanza
}

/** What the network still owes to devices: a stanza stays here until the device has confirmed it. */
export type Queue = {
  put(mailbox: Mailbox, entry: { kind: QueuedKind; node: Stanza }): number
  /** In order of arrival. */
  list(mailbox: Mailbox): readonly Queued[]
  /** The first one. */
  next(mailbox: Mailbox): Queued | undefined
  /** How much a device has not confirmed. */
  count(mailbox: Mailbox): number
  /** Takes out a message that a device confirmed with a receipt. */
  confirmMessage(mailbox: Mailbox, id: string): void
  /** Takes out what else a device confirmed with an ack. */
  confirm(mailbox: Mailbox, confirmed: { kind: QueuedKind; id: string; type: string }): void
  remove(seq: number): void
  /** Mailboxes that hold something, for the first moments after a restart. */
  waiting(): readonly Mailbox[]
  removeMailbox(mailbox: Mailbox): void
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS mail (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, device INTEGER NOT NULL, kind TEXT NOT NULL,
  id TEXT NOT NULL, type TEXT NOT NULL, stanza BLOB NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS mail_mailbox ON mail (number, device, seq);
  CREATE INDEX IF NOT EXISTS mail_id ON mail (number, device, id)`

const OF_MAILBOX = 'SELECT * FROM mail WHERE number = ? AND device = ?'

export function createQueue(db: Database): Queue {
  db.define(SCHEMA)
  return {
    put({ number, device }, { kind, node }) {
      const { id = '', type = '' } = node.attrs
      return db.insert(
        'INSERT INTO mail (number, device, kind, id, type, stanza) VALUES (?, ?, ?, ?, ?, ?)',
        ...[number, device, kind, id, type, serialize(node)],
      )
    },
    list: ({ number, device }) => db.all(`${OF_MAILBOX} ORDER BY seq`, number, device).map(fromRow),
    next({ number, device }) {
      const row = db.get(`${OF_MAILBOX} ORDER BY seq LIMIT 1`, number, device)
      return row === undefined ? undefined : fromRow(row)
    },
    count: ({ number, device }) =>
      Number(db.get('SELECT count(*) AS n FROM mail WHERE number = ? AND device = ?', number, device)?.n),
    confirmMessage: ({ number, device }, id) =>
      db.run(
        "DELETE FROM mail WHERE number = ? AND device = ? AND id = ? AND kind = 'message'",
        ...[number, device, id],
      ),
    confirm: ({ number, device }, { kind, id, type }) =>
      db.run(
        'DELETE FROM mail WHERE number = ? AND device = ? AND id = ? AND kind = ? AND type = ?',
        ...[number, device, id, kind, type],
      ),
    remove: seq => db.run('DELETE FROM mail WHERE seq = ?', seq),
    waiting: () =>
      db
        .all('SELECT DISTINCT number, device FROM mail')
        .map(row => ({ number: String(row.number), device: Number(row.device) })),
    removeMailbox: ({ number, device }) =>
      db.run('DELETE FROM mail WHERE number = ? AND device = ?', number, device),
    clear: () => db.run('DELETE FROM mail'),
  }
}

function fromRow(row: Row): Queued {
  return {
    seq: Number(row.seq),
    mailbox: { number: String(row.number), device: Number(row.device) },
    kind: row.kind as QueuedKind,
    node: deserialize(row.stanza as Uint8Array) as Stanza,
  }
}
