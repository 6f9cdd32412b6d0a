import type { JsonObject, PosternEvent } from '../../model/event.ts'
import { scopeOf } from '../crypto/vault.ts'
import { pageOf, present, seqOfCursor } from '../database/query.ts'
import type { Page } from '../effects.ts'
import type { Source, Tx } from '../writer/transaction.ts'

/** The columns of an event, as a join with other tables names them. */
export type EventRow = {
  readonly event_id: string
  readonly event_type: string
  readonly event_account: string | null
  readonly event_at: number
  readonly event_body: Uint8Array
}

export const EVENT_COLUMNS =
  'events.id AS event_id, events.type AS event_type, events.account AS event_account, events.at AS event_at, events.body AS event_body'

/** What of an event is sealed. */
type EventBody = { readonly chat?: string; readonly data: JsonObject }

/** Answers the row's number. */
export function insertEvent(tx: Tx, event: PosternEvent): number {
  const { id, type, account, at, data } = event
  const body: EventBody = { ...present({ chat: event.chat }), data }
  const sealed = tx.vault.seal(scopeOf(account), cell(id), JSON.stringify(body))
  tx.touch('events')
  const sql = 'INSERT INTO events (id, type, account, at, body) VALUES (?, ?, ?, ?, ?)'
  return tx.db.run(sql, id, type, account ?? null, at.getTime(), sealed).rowId
}

export function toEvent({ vault }: Source, row: EventRow): PosternEvent {
  const body = JSON.parse(vault.open(cell(row.event_id), row.event_body).toString()) as EventBody
  return {
    id: row.event_id,
    type: row.event_type as PosternEvent['type'],
    at: new Date(row.event_at),
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
