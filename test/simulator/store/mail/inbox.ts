import type { Addressing } from '../../wire/address.ts'
import type { Database, Row } from '../database.ts'

/** A message that a simulated phone has decrypted. */
export type InboxEntry = {
  readonly id: string
  /** E.164 numbers with `+`. */
  readonly from: string
  readonly chat: string
  readonly type: string
  /** The member named by `type`, as in the message object that the admin API takes. */
  readonly content: unknown
  /** Members of the message object beside that one: `context`, `mentions`, …, `media_sha256`. */
  readonly around?: Readonly<Record<string, unknown>>
  readonly at: string
}

/** An entry, and how its sender was addressed, which receipts for it must follow. */
export type Filed = { readonly entry: InboxEntry; readonly by: Addressing }

export type Inbox = {
  /** False when the phone has this message already. */
  add(number: string, filed: Filed): boolean
  find(number: string, id: string): Filed | undefined
  /** In order of arrival, without the first `skip`. */
  list(number: string, skip: number): readonly InboxEntry[]
  /** How many entries a phone has up to and including this id; undefined when it has none such. */
  positionOf(number: string, id: string): number | undefined
  count(number: string): number
  /** Numbers that have written to this one, and those that it has written to. */
  chatsWith(number: string): readonly string[]
  move(from: string, to: string): void
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS inbox (
  number TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, sender TEXT NOT NULL, addressing TEXT NOT NULL,
  entry TEXT NOT NULL,
  PRIMARY KEY (number, position)) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX IF NOT EXISTS inbox_id ON inbox (number, id, sender)`

const ADD = `INSERT OR IGNORE INTO inbox (number, position, id, sender, addressing, entry)
  VALUES (?, ?, ?, ?, ?, ?)`

export function createInbox(db: Database): Inbox {
  db.define(SCHEMA)
  const counts = new Map<string, number>()
  const count = (number: string): number => {
    const known = counts.get(number) ?? counted(db, number)
    counts.set(number, known)
    return known
  }
  return {
    add(number, { entry, by }) {
      const position = count(number) + 1
      const values = [number, position, entry.id, entry.from, by, JSON.stringify(entry)]
      const isNew = db.run(ADD, ...values) === 1
      if (isNew) counts.set(number, position)
      return isNew
    },
    find(number, id) {
      const row = db.get('SELECT entry, addressing FROM inbox WHERE number = ? AND id = ?', number, id)
      return row === undefined ? undefined : { entry: fromRow(row), by: row.addressing as Addressing }
    },
    list: (number, skip) =>
      db
        .all('SELECT entry FROM inbox WHERE number = ? AND position > ? ORDER BY position', number, skip)
        .map(fromRow),
    positionOf(number, id) {
      const row = db.get('SELECT position FROM inbox WHERE number = ? AND id = ?', number, id)
      return row === undefined ? undefined : Number(row.position)
    },
    count,
    chatsWith: number => [
      ...db
        .all('SELECT DISTINCT sender AS other FROM inbox WHERE number = ?', number)
        .map(row => String(row.other).slice(1)),
      ...db
        .all('SELECT DISTINCT number AS other FROM inbox WHERE sender = ?', `+${number}`)
        .map(row => String(row.other)),
    ],
    move(from, to) {
      counts.clear()
      db.run('UPDATE inbox SET number = ? WHERE number = ?', to, from)
    },
    clear() {
      counts.clear()
      db.run('DELETE FROM inbox')
    },
  }
}

function counted(db: Database, number: string): number {
  return Number(db.get('SELECT max(position) AS n FROM inbox WHERE number = ?', number)?.n ?? 0)
}

function fromRow(row: Row): InboxEntry {
  return JSON.parse(String(row.entry)) as InboxEntry
}
