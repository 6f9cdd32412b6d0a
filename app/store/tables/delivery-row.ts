import type { NewDelivery, NewEvent } from '../../model/event.ts'
import { scopeOf } from '../crypto/vault.ts'
import { pageOf, present, seqOfCursor, where } from '../database/query.ts'
import type { Attempt, Delivery, DeliveryStatus } from '../deliveries.ts'
import type { Page } from '../effects.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { EVENT_COLUMNS, type EventRow, toEvent } from './events.ts'

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
}

export const DELIVERIES = `SELECT d.seq, d.id, d.endpoint, d.lane, d.lane_name, d.status, d.created_at, d.due_at, d.attempt_count,
  ${EVENT_COLUMNS} FROM deliveries d JOIN events ON events.seq = d.event`

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

export function toDelivery(source: Source, row: DeliveryRow): Delivery {
  return {
    id: row.id,
    endpoint: row.endpoint,
    lane: source.vault.openText(laneCell(row.id), row.lane_name) ?? '',
    status: row.status,
    event: toEvent(source, row),
    createdAt: new Date(row.created_at),
    dueAt: new Date(row.due_at),
    attemptCount: row.attempt_count,
    attempts: attemptsOf(source, row),
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
  return pageOf(rows, limit, { item: row => toDelivery(source, row), cursor: row => row.id })
}

export function addAttempt(tx: Tx, row: DeliveryRow, attempt: Attempt): void {
  const n = row.attempt_count + 1
  tx.db.run('UPDATE deliveries SET attempt_count = ? WHERE seq = ?', n, row.seq)
  tx.db.run(
    'INSERT INTO delivery_attempts (delivery, n, at, status, took_ms, reason) VALUES (?, ?, ?, ?, ?, ?)',
    row.seq,
    n,
    attempt.at.getTime(),
    attempt.status ?? null,
    Math.round(attempt.tookMs),
    tx.vault.sealText(scopeOf(row.event_account), attemptCell(row.id, n), attempt.reason),
  )
}

function attemptsOf({ db, vault }: Source, row: DeliveryRow): readonly Attempt[] {
  const attempts = db.all<{
    n: number
    at: number
    status: number | null
    took_ms: number
    reason: Uint8Array | null
  }>('SELECT n, at, status, took_ms, reason FROM delivery_attempts WHERE delivery = ? ORDER BY n', row.seq)
  return attempts.map(({ n, at, status, took_ms, reason }) => ({
    at: new Date(at),
    tookMs: took_ms,
    ...present({ status: status ?? undefined, reason: vault.openText(attemptCell(row.id, n), reason) }),
  }))
}

function laneCell(id: string) {
  return { table: 'deliveries', row: id, column: 'lane_name' }
}

function attemptCell(id: string, n: number) {
  return { table: 'delivery_attempts', row: `${id}/${n}`, column: 'reason' }
}
