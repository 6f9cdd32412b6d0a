import type { Database, Row } from '../database.ts'
import { boxOf, type Mailbox } from './queue.ts'

/** `sent` from a phone, `copied` to it because a device linked to it has sent it, `seen` by it: decrypted and filed. */
export type LedgerEvent = 'sent' | 'copied' | 'seen'

/** One message on one phone, or on a companion that the simulator plays. */
export type LedgerEntry = {
  readonly mailbox: Mailbox
  readonly event: LedgerEvent
  readonly id: string
  /** Numbers without `+`; a chat may be a group. */
  readonly from: string
  readonly chat: string
  /** What it says, as a digest: the same at both ends. */
  readonly digest: string
  readonly text?: string | undefined
  readonly at: string
}

export type LedgerQuery = {
  readonly after: number
  readonly limit: number
  readonly box?: string | undefined
}

/** What every phone has sent and seen, in the order in which it happened, for whoever compares it with another ledger. */
export type Ledger = {
  note(entry: LedgerEntry): void
  list(query: LedgerQuery): readonly (LedgerEntry & { readonly seq: number })[]
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS ledger (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, box TEXT NOT NULL, event TEXT NOT NULL, id TEXT NOT NULL, sender TEXT NOT NULL,
  chat TEXT NOT NULL, digest TEXT NOT NULL, text TEXT, at TEXT NOT NULL) STRICT`
const NOTE = `INSERT INTO ledger (box, event, id, sender, chat, digest, text, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

export function createLedger(db: Database): Ledger {
  db.define(SCHEMA)
  return {
    note({ mailbox, event, id, from, chat, digest, text, at }) {
      db.run(NOTE, ...[boxOf(mailbox), event, id, from, chat, digest, text ?? null, at])
    },
    list({ after, limit, box }) {
      const rows =
        box === undefined
          ? db.all('SELECT * FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?', after, limit)
          : db.all('SELECT * FROM ledger WHERE seq > ? AND box = ? ORDER BY seq LIMIT ?', after, box, limit)
      return rows.map(fromRow)
    },
    clear: () => void db.run('DELETE FROM ledger'),
  }
}

function fromRow(row: Row): LedgerEntry & { readonly seq: number } {
  const [number = '', device = '0'] = String(row.box).split(':')
  return {
    seq: Number(row.seq),
    mailbox: { number, device: Number(device) },
    event: row.event as LedgerEvent,
    id: String(row.id),
    from: String(row.sender),
    chat: String(row.chat),
    digest: String(row.digest),
    text: row.text === null ? undefined : String(row.text),
    at: String(row.at),
  }
}
