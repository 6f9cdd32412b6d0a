import type { Database, Row } from '../database.ts'

export type SentStatus = 'sent' | 'delivered' | 'read'

/** A message that a phone (or a device linked to it) has sent, kept so that the phone can send it again. */
export type SentMessage = {
  readonly id: string
  /** The number it went to, without `+`. */
  readonly to: string
  /** The device that sent it: 0 is the phone, others are its companions as the phone learned of it. */
  readonly device: number
  readonly message: Uint8Array
  readonly status: SentStatus
  readonly at: string
}

export type Sent = {
  add(number: string, message: SentMessage): void
  find(number: string, id: string): SentMessage | undefined
  list(number: string): readonly SentMessage[]
  /** The numbers that a number has written to, or that have written to it. */
  partners(number: string): readonly string[]
  /** Moves a status forward, never back. */
  advance(number: string, id: string, status: SentStatus): void
  /** Numbers that this one has sent to, and those that have sent to it. */
  chatsWith(number: string): readonly string[]
  move(from: string, to: string): void
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS sent (
  number TEXT NOT NULL, id TEXT NOT NULL, recipient TEXT NOT NULL, device INTEGER NOT NULL, message BLOB NOT NULL,
  status TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (number, id)) STRICT`
const PARTNERS = `SELECT recipient AS partner FROM sent WHERE number = ?
  UNION SELECT number FROM sent WHERE recipient = ? ORDER BY partner`
/** By the status to reach: from the ones before it. */
const ADVANCE: Readonly<Record<SentStatus, string>> = {
  sent: "UPDATE sent SET status = 'sent' WHERE number = ? AND id = ? AND status = 'sent'",
  delivered: "UPDATE sent SET status = 'delivered' WHERE number = ? AND id = ? AND status = 'sent'",
  read: "UPDATE sent SET status = 'read' WHERE number = ? AND id = ? AND status IN ('sent', 'delivered')",
}

export function createSent(db: Database): Sent {
  db.define(SCHEMA)
  const find = (number: string, id: string): SentMessage | undefined => {
    const row = db.get('SELECT * FROM sent WHERE number = ? AND id = ?', number, id)
    return row === undefined ? undefined : fromRow(row)
  }
  return {
    add: (number, { id, to, device, message, status, at }) =>
      db.run(
        'INSERT OR IGNORE INTO sent (number, id, recipient, device, message, status, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        ...[number, id, to, device, message, status, at],
      ),
    find,
    list: number => db.all('SELECT * FROM sent WHERE number = ? ORDER BY rowid', number).map(fromRow),
    partners: number => [
      ...new Set(db.all(PARTNERS, number, number).map(row => String(row.partner).replace(/:\d+$/, ''))),
    ],
    advance: (number, id, status) => void db.run(ADVANCE[status], number, id),
    chatsWith: number => [
      ...db
        .all('SELECT DISTINCT recipient AS other FROM sent WHERE number = ?', number)
        .map(row => String(row.other)),
      ...db
        .all('SELECT DISTINCT number AS other FROM sent WHERE recipient = ?', number)
        .map(row => String(row.other)),
    ],
    move: (from, to) => db.run('UPDATE sent SET number = ? WHERE number = ?', to, from),
    clear: () => db.run('DELETE FROM sent'),
  }
}

function fromRow(row: Row): SentMessage {
  return {
    id: String(row.id),
    to: String(row.recipient),
    device: Number(row.device),
    message: row.message as Uint8Array,
    status: row.status as SentStatus,
    at: String(row.at),
  }
}
