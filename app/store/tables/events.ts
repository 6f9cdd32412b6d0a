import { PosternError } from '../../lib/error.ts'
import { instantOfId } from '../../lib/ids.ts'
import { present } from '../../lib/present.ts'
import type { JsonObject, NewEvent, PosternEvent } from '../../model/event.ts'
import { scopeOf } from '../crypto/vault.ts'
import { unlessDamaged } from '../database/failures.ts'
import { AT_MOST, pageOf } from '../database/query.ts'
import type { Page } from '../effects.ts'
import type { Oldest } from '../events.ts'
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

/** In `meta`: the newest event that was removed. */
const REMOVED = 'store.events_removed'
type Removed = { readonly seq: number; readonly id: string; readonly at: number }

/** What of an event is sealed. */
type EventBody = { readonly chat?: string; readonly data: JsonObject }

/** Answers the row's number. */
export function insertEvent(tx: Tx, event: NewEvent): number {
  const { id, type, account, at, data } = event
  const body: EventBody = { ...present({ chat: event.chat }), data }
  const sealed = tx.vault.seal(scopeOf(account), cell(id), JSON.stringify(body))
  tx.touch('events')
  // SQLite would give the numbers of the newest rows again once they are removed.
  const sql = `INSERT INTO events (seq, id, type, account, sequence, at, body)
    VALUES (1 + max(coalesce((SELECT max(seq) FROM events), 0), ?), ?, ?, ?, ?, ?, ?)`
  const removed = lastRemoved(tx)?.seq ?? 0
  const sequence = nextSequence(tx, account)
  return tx.db.run(sql, removed, id, type, account ?? null, sequence, at.getTime(), sealed).rowId
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
  return { ...unopenedEvent(row), ...body }
}

/** For whoever reads on past it: of one that cannot be opened what is not sealed. Its number stays taken. */
export function showEvent(source: Source, row: EventRow): PosternEvent {
  return unlessDamaged(
    () => toEvent(source, row),
    () => ({ ...unopenedEvent(row), data: { damaged: true } }),
  )
}

function unopenedEvent(row: EventRow): Omit<PosternEvent, keyof EventBody> {
  return {
    id: row.event_id,
    type: row.event_type as PosternEvent['type'],
    at: new Date(row.event_at),
    sequence: row.event_sequence,
    ...present({ account: row.event_account ?? undefined }),
  }
}

/**
 * Oldest first. The cursor is an event's id, so that `Last-Event-ID` is one. The list begins behind the last event that
 * retention has removed: from there on nothing is missing.
 */
export function listEvents(source: Source, query: { after?: string; limit: number }): Page<PosternEvent> {
  const removed = lastRemoved(source)
  const after = query.after === undefined ? (removed?.seq ?? 0) : placeOf(source, query.after, removed)
  const rows = source.db.all<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM events WHERE seq > ? ORDER BY seq ${AT_MOST}`,
    after,
    query.limit + 1,
  )
  return pageOf(rows, query.limit, { item: row => showEvent(source, row), cursor: row => row.event_id })
}

/**
 * The question of `oldestSequences`; a test looks at its plan. One plus lets SQLite use the index, which has no affinity;
 * the other keeps it from looking through all that came after `seq`, for the first by its number is nearly always it.
 */
export const OLDEST = `SELECT account, coalesce(
  (SELECT sequence FROM events WHERE coalesce(events.account, '') = +event_sequences.account AND +seq > ?
   ORDER BY sequence LIMIT 1), last + 1) AS oldest FROM event_sequences ORDER BY account`

/** For each account, and for no account, the number from which on the list has every event. */
export function oldestSequences(source: Source): readonly Oldest[] {
  const rows = source.db.all<{ account: string; oldest: number }>(OLDEST, lastRemoved(source)?.seq ?? 0)
  return rows.map(({ account, oldest }) => ({
    sequence: oldest,
    ...(account === NO_ACCOUNT ? {} : { account }),
  }))
}

/** Has an event tell something else. */
export function replaceData(
  tx: Tx,
  { event_id, event_account }: EventRow,
  body: Pick<PosternEvent, 'chat' | 'data'>,
): void {
  const sealed = tx.vault.seal(scopeOf(event_account), cell(event_id), JSON.stringify(body))
  tx.db.run('UPDATE events SET body = ? WHERE id = ?', sealed, event_id)
}

/** Remembers the newest event that was removed, which may be some reader's cursor. */
export function noteRemoved(tx: Tx, row: EventRow & { readonly seq: number }): void {
  if (row.seq <= (lastRemoved(tx)?.seq ?? 0)) return
  const removed: Removed = { seq: row.seq, id: row.event_id, at: row.event_at }
  tx.db.run('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', REMOVED, JSON.stringify(removed))
}

function lastRemoved({ db }: Source): Removed | undefined {
  const row = db.get<{ value: string }>('SELECT value FROM meta WHERE name = ?', REMOVED)
  return row === undefined ? undefined : (JSON.parse(row.value) as Removed)
}

/**
 * Where a cursor stands. Throws `store.cursor_removed` when events behind it are gone: its reader may not have seen them.
 * Ids carry their time, so that one that was removed is told from one that never was.
 */
function placeOf({ db }: Source, id: string, removed: Removed | undefined): number {
  if (id === removed?.id) return removed.seq
  const seq = db.get<{ seq: number }>('SELECT seq FROM events WHERE id = ?', id)?.seq
  if (seq !== undefined && seq >= (removed?.seq ?? 0)) return seq
  const at = instantOfId('evt', id)
  const gone = seq !== undefined || (at !== undefined && removed !== undefined && at.getTime() <= removed.at)
  if (gone) throw new PosternError('store.cursor_removed', 'retention has removed events behind this cursor')
  throw new PosternError('store.bad_cursor', 'the cursor is not one that this list gave out')
}

function cell(id: string) {
  return { table: 'events', row: id, column: 'body' }
}
