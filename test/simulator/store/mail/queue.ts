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
  /** The stanza in WhatsApp's binary form. */
  readonly stanza: Uint8Array
}

/** What the network still owes to devices: a stanza stays here until the device has confirmed it. */
export type Queue = {
  put(mailbox: Mailbox, entry: { kind: QueuedKind; id: string; type: string; stanza: Uint8Array }): number
  /** In order of arrival, from after `seq`. */
  list(mailbox: Mailbox, after: number): readonly Queued[]
  /** The first one after `seq`. */
  next(mailbox: Mailbox, after: number): Queued | undefined
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

const SCHEMA = `CREATE TABLE IF NOT EXISTS queue (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, device INTEGER NOT NULL, kind TEXT NOT NULL,
  id TEXT NOT NULL, type TEXT NOT NULL, stanza BLOB NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS queue_mailbox ON queue (number, device, seq);
  CREATE INDEX IF NOT EXISTS queue_id ON queue (number, device, id)`

export function createQueue(db: Database): Queue {
  db.define(SCHEMA)
  return {
    put: ({ number, device }, { kind, id, type, stanza }) =>
      db.insert(
        'INSERT INTO queue (number, device, kind, id, type, stanza) VALUES (?, ?, ?, ?, ?, ?)',
        ...[number, device, kind, id, type, stanza],
      ),
    list: ({ number, device }, after) =>
      db
        .all(
          'SELECT * FROM queue WHERE number = ? AND device = ? AND seq > ? ORDER BY seq',
          number,
          device,
          after,
        )
        .map(fromRow),
    next({ number, device }, after) {
      const row = db.get(
        'SELECT * FROM queue WHERE number = ? AND device = ? AND seq > ? ORDER BY seq LIMIT 1',
        ...[number, device, after],
      )
      return row === undefined ? undefined : fromRow(row)
    },
    count: ({ number, device }) =>
      Number(db.get('SELECT count(*) AS n FROM queue WHERE number = ? AND device = ?', number, device)?.n),
    confirmMessage: ({ number, device }, id) =>
      db.run(
        "DELETE FROM queue WHERE number = ? AND device = ? AND id = ? AND kind = 'message'",
        ...[number, device, id],
      ),
    confirm: ({ number, device }, { kind, id, type }) =>
      db.run(
        'DELETE FROM queue WHERE number = ? AND device = ? AND id = ? AND kind = ? AND type = ?',
        ...[number, device, id, kind, type],
      ),
    remove: seq => db.run('DELETE FROM queue WHERE seq = ?', seq),
    waiting: () =>
      db
        .all('SELECT DISTINCT number, device FROM queue')
        .map(row => ({ number: String(row.number), device: Number(row.device) })),
    removeMailbox: ({ number, device }) =>
      db.run('DELETE FROM queue WHERE number = ? AND device = ?', number, device),
    clear: () => db.run('DELETE FROM queue'),
  }
}

function fromRow(row: Row): Queued {
  return {
    seq: Number(row.seq),
    mailbox: { number: String(row.number), device: Number(row.device) },
    kind: row.kind as QueuedKind,
    stanza: row.stanza as Uint8Array,
  }
}
