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
  /** The first one of a device that the simulator plays, which takes stanzas in order and confirms none. */
  next(mailbox: Mailbox): Queued | undefined
  /** How much a device has not confirmed. */
  count(mailbox: Mailbox): number
  /** Takes out a message that a device confirmed with a receipt. */
  confirmMessage(mailbox: Mailbox, id: string): void
  /** Takes out what else a device confirmed with an ack. */
  confirm(mailbox: Mailbox, confirmed: { kind: QueuedKind; id: string; type: string }): void
  /** Takes out what `next` has given. */
  remove(queued: Queued): void
  /** Mailboxes that hold something, for the first moments after a restart. */
  waiting(): readonly Mailbox[]
  removeMailbox(mailbox: Mailbox): void
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS mail (
  seq INTEGER PRIMARY KEY, number TEXT NOT NULL, device INTEGER NOT NULL, kind TEXT NOT NULL,
  id TEXT NOT NULL, type TEXT NOT NULL, stanza BLOB NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS mail_mailbox ON mail (number, device, seq);
  CREATE INDEX IF NOT EXISTS mail_id ON mail (number, device, id)`

const OF_MAILBOX = 'SELECT * FROM mail WHERE number = ? AND device = ?'

export function createQueue(db: Database): Queue {
  db.define(SCHEMA)
  let last = Number(db.get('SELECT max(seq) AS last FROM mail')?.last ?? 0)
  /** What lies in the mailboxes whose first was asked for. */
  const lines = new Map<string, Queued[]>()
  const list = ({ number, device }: Mailbox) => {
    db.flush()
    return db.all(`${OF_MAILBOX} ORDER BY seq`, number, device).map(fromRow)
  }
  const lineOf = (mailbox: Mailbox): Queued[] => {
    const line = lines.get(boxOf(mailbox)) ?? list(mailbox)
    lines.set(boxOf(mailbox), line)
    return line
  }
  return {
    put(mailbox, { kind, node }) {
      const queued = { seq: ++last, mailbox, kind, node }
      const line = lines.get(boxOf(mailbox))
      if (line === undefined) insert(db, queued)
      else {
        line.push(queued)
        db.defer(nameOf(queued), () => insert(db, queued)) // a phone has mostly taken it before the commit
      }
      return queued.seq
    },
    list,
    next: mailbox => lineOf(mailbox)[0],
    count({ number, device }) {
      db.flush()
      return Number(
        db.get('SELECT count(*) AS n FROM mail WHERE number = ? AND device = ?', number, device)?.n,
      )
    },
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
    remove(queued) {
      const line = lines.get(boxOf(queued.mailbox))
      if (line?.[0]?.seq === queued.seq) line.shift()
      if (!db.forget(nameOf(queued))) db.run('DELETE FROM mail WHERE seq = ?', queued.seq)
    },
    waiting() {
      db.flush()
      return db
        .all('SELECT DISTINCT number, device FROM mail')
        .map(row => ({ number: String(row.number), device: Number(row.device) }))
    },
    removeMailbox(mailbox) {
      db.flush()
      lines.delete(boxOf(mailbox))
      db.run('DELETE FROM mail WHERE number = ? AND device = ?', mailbox.number, mailbox.device)
    },
    clear() {
      db.flush()
      lines.clear()
      db.run('DELETE FROM mail')
    },
  }
}

function nameOf({ seq }: Queued): string {
  return `mail ${seq}`
}

function insert(db: Database, { seq, mailbox, kind, node }: Queued): void {
  const { id = '', type = '' } = node.attrs
  db.run(
    'INSERT INTO mail (seq, number, device, kind, id, type, stanza) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ...[seq, mailbox.number, mailbox.device, kind, id, type, serialize(node)],
  )
}

function fromRow(row: Row): Queued {
  return {
    seq: Number(row.seq),
    mailbox: { number: String(row.number), device: Number(row.device) },
    kind: row.kind as QueuedKind,
    node: deserialize(row.stanza as Uint8Array) as Stanza,
  }
}
