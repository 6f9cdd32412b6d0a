import type { NewDelivery, NewEvent } from '../../model/event.ts'
import type { Tx } from '../writer/transaction.ts'
import { type DeliveryRow, insertDeliveryRow } from './delivery-row.ts'

export type Queued = Pick<DeliveryRow, 'seq' | 'endpoint' | 'lane'>

export function insertDelivery(tx: Tx, delivery: NewDelivery & { event: NewEvent; eventSeq: number }): void {
  const { seq, lane } = insertDeliveryRow(tx, delivery)
  markLaneHead(tx, { seq, endpoint: delivery.endpoint, lane })
  tx.touch('deliveries')
}

/** Marks the head of a delivery's lane anew: its oldest pending. Outside every lane each pending delivery is a head. */
export function markLaneHead({ db }: Tx, { seq, endpoint, lane }: Queued): void {
  if (lane.length === 0) {
    db.run(`UPDATE deliveries SET head = (status = 'pending') WHERE seq = ?`, seq)
    return
  }
  const sql = `SELECT min(seq) AS seq FROM deliveries WHERE endpoint = ? AND lane = ? AND status = 'pending'`
  const head = db.get<{ seq: number | null }>(sql, endpoint, lane)?.seq ?? null
  const demote = `UPDATE deliveries SET head = 0 WHERE endpoint = ? AND lane = ? AND head = 1 AND lane <> x'' AND seq IS NOT ?`
  db.run(demote, endpoint, lane, head)
  if (head !== null) db.run('UPDATE deliveries SET head = 1 WHERE seq = ? AND head = 0', head)
}

/** Names the lane of a leased delivery; undefined for one that keeps no order. */
export function laneKey({ endpoint, lane }: Queued): string | undefined {
  return lane.length === 0 ? undefined : `${endpoint}/${Buffer.from(lane).toString('hex')}`
}
