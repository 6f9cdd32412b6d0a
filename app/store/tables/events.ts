import { PosternError } from '../../lib/error.ts'
import type { JsonObject, NewEvent, PosternEvent } from '../../model/event.ts'
import { scopeOf } from '../crypto/vault.ts'
import { pageOf, present, seqOfCursor } from '../database/query.ts'
import type { Page } from '../effects.ts'
import type { Source, Tx } from '../writer/transaction.ts'

/** The columns of an event, as a join with other tables names them. */
export type EventRow = {
  readonly event_id: string
  readonly event_type: string
  readonly event_account: string | null
  readonly event_sequence: number
  readonly event_at: number
  readonly event_body: Uint8Array
}

export const EVENT_COLUMNS =
  'events.id AS event_id, events.type AS event_type, events.account AS event_account, events.sequence AS event_sequence, events.at AS event_at, events.body AS event_body'

/** Stands in `event_sequences` for the events of no account. */
const NO_ACCOUNT = ''

/** What of an event is sealed. */
type EventBody = { readonly chat?: string; readonly data: JsonObject }

/** Answers the row's number. */
export function insertEvent(tx: Tx, event: NewEvent): number {
  const { id, type, account, at, data } = event
  const body: EventBody = { ...present({ chat: event.chat }), data }
  const sealed = tx.vault.seal(scopeOf(account), cell(id), JSON.stringify(body))
  tx.touch('events')
  const sql = 'INSERT INTO events (id, type, account, sequence, at, body) VALUES (?, ?, ?, ?, ?, ?)'
  return tx.db.run(sql, id, type, account ?? null, nextSequence(tx, account), at.getTime(), sealed).rowId
}

/** Counted apart from the rows, so that no number is given twice when retention has removed the newest. */
function nextSequence({ db }: Tx, account: string | undefined): number {
  const row = db.get<{ last: number }>(
    `INSERT INTO event_sequences (account, last) VALUES (?, 1)
     ON CONFLICT (account) DO UPDATE SET last = last + 1 RETURNING last`,
    account ?? NO_ACCOUNT,
  )
  if (row === undefined) throw new PosternError('store.failed', 'no number for an event')
  return row.last
}

export function toEvent({ vault }: Source, row: EventRow): PosternEvent {
  const body = JSON.parse(vault.open(cell(row.event_id), row.event_body).toString()) as EventBody
  return {
    id: row.event_id,
    type: row.event_type as PosternEvent['type'],
    at: new Date(row.event_at),
    sequence: row.event_sequence,
    ...present({ account: row.event_account ?? undefined }),
    ...body,
  }
}

/** Oldest first. The cursor is an event's id, so that `Last-Event-ID` is one. */
export function listEvents(source: Source, query: { after?: string; limit: number }): Page<PosternEvent> {
  const { db } = source
  const after =
    query.after === undefined ? 0 : seqOfCursor(db, 'SELECT seq FROM events WHERE id = ?', query.after)
  const rows = db.all<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT ?`,
    after,
    query.limit + 1,
  )
  return pageOf(rows, query.limit, { item: row => toEvent(source, row), cursor: row => row.event_id })
}

function cell(id: string) {
  return { table: 'events', row: id, column: 'body' }
}
