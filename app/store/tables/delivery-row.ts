import type { NewDelivery, NewEvent } from '../../model/event.ts'
import { scopeOf } from '../crypto/vault.ts'
import { unlessDamaged } from '../database/failures.ts'
import { pageOf, seqOfCursor, where } from '../database/query.ts'
import type { Delivery, DeliveryStatus } from '../deliveries.ts'
import type { Page } from '../effects.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { attemptsOf } from './delivery-attempts.ts'
import { EVENT_COLUMNS, type EventRow, showEvent, toEvent } from './events.ts'

export type DeliveryRow = EventRow & {
  readonly seq: number
  readonly id: string
  readonly endpoint: string
  readonly lane: Uint8Array
  readonly lane_name: Uint8Array | null
  readonly status: DeliveryStatus
  readonly created_at: number
  readonly due_at: number
  readonly attempt_count: number
  readonly begun_at: number | null
  readonly begun_after: number
}

export const DELIVERIES = `SELECT d.seq, d.id, d.endpoint, d.lane, d.lane_name, d.status, d.created_at, d.due_at, d.attempt_count,
  d.begun_at, d.begun_after, ${EVENT_COLUMNS} FROM deliveries d JOIN events ON events.seq = d.event`

/** The lane of deliveries that keep no order. */
const UNORDERED = Buffer.alloc(0)

/** Inserts a delivery that is due with its event; whether it heads its lane is for the queue to say. */
export function insertDeliveryRow(
  tx: Tx,
  delivery: NewDelivery & { event: NewEvent; eventSeq: number },
): { readonly seq: number; readonly lane: Buffer } {
  const { id, endpoint, event } = delivery
  const named = delivery.lane !== ''
  const lane = named ? tx.vault.hash('lane', endpoint, delivery.lane) : UNORDERED
  const laneName = tx.vault.sealText(scopeOf(event.account), laneCell(id), named ? delivery.lane : undefined)
  const at = event.at.getTime()
  const { rowId: seq } = tx.db.run(
    `INSERT INTO deliveries (id, event, endpoint, lane, lane_name, status, created_at, due_at)
     VALUES (?, ?, ?, ?, ?, 'pending', ?, ?)`,
    id,
    delivery.eventSeq,
    endpoint,
    lane,
    laneName,
    at,
    at,
  )
  return { seq, lane }
}

export function findDelivery({ db }: Source, id: string): DeliveryRow | undefined {
  return db.get<DeliveryRow>(`${DELIVERIES} WHERE d.id = ?`, id)
}

/** Without the answers that its attempts had: only somebody who looks at this one delivery wants to read them. */
export function toDelivery(source: Source, row: DeliveryRow): Delivery {
  const lane = source.vault.openText(laneCell(row.id), row.lane_name) ?? ''
  return deliveryOf(source, row, { lane, event: toEvent(source, row) })
}

/** For whoever looks at it: of one that cannot be opened what is not sealed. */
export function showDelivery(source: Source, row: DeliveryRow): Delivery {
  return unlessDamaged(
    () => toDelivery(source, row),
    () => deliveryOf(source, row, { lane: '', event: showEvent(source, row) }),
  )
}

function deliveryOf(source: Source, row: DeliveryRow, opened: Pick<Delivery, 'lane' | 'event'>): Delivery {
  return {
    id: row.id,
    endpoint: row.endpoint,
    ...opened,
    status: row.status,
    createdAt: new Date(row.created_at),
    dueAt: new Date(row.due_at),
    begunAt: new Date(row.begun_at ?? row.created_at),
    begunAfter: row.begun_after,
    attemptCount: row.attempt_count,
    attempts: row.attempt_count === 0 ? [] : attemptsOf(source, row), // most are posted once
  }
}

/** Newest first. The cursor is a delivery's id. */
export function listDeliveries(
  source: Source,
  query: { endpoint?: string; status?: DeliveryStatus; before?: string; limit: number },
): Page<Delivery> {
  const { endpoint, status, before, limit } = query
  const cursorSql = 'SELECT seq FROM deliveries WHERE id = ?'
  const { sql, values } = where([
    ['d.endpoint = ?', endpoint],
    ['d.status = ?', status],
    ['d.seq < ?', before === undefined ? undefined : seqOfCursor(source.db, cursorSql, before)],
  ])
  const rows = source.db.all<DeliveryRow>(
    `${DELIVERIES} ${sql} ORDER BY d.seq DESC LIMIT ?`,
    ...values,
    limit + 1,
  )
  return pageOf(rows, limit, { item: row => showDelivery(source, row), cursor: row => row.id })
}

function laneCell(id: string) {
  return { table: 'deliveries', row: id, column: 'lane_name' }
}
