import { AT_MOST } from '../database/query.ts'
import type { Delivery, DeliverySettlement } from '../deliveries.ts'
import type { Effects } from '../effects.ts'
import type { EndpointHealth } from '../endpoints.ts'
import type { Tx } from '../writer/transaction.ts'
import { addAttempt } from './delivery-attempts.ts'
import { laneKey, markLaneHead, type Queued } from './delivery-lane.ts'
import { beginAnew } from './delivery-range.ts'
import { DELIVERIES, type DeliveryRow, findDelivery, toDelivery } from './delivery-row.ts'
import { writeEffects } from './effects.ts'
import { writeHealth } from './endpoints.ts'

/** Reads heads alone. What it takes is leased in memory; the database learns of it when it is settled. */
export function claimDeliveries(
  tx: Tx,
  query: { free: ReadonlyMap<string, number>; now: Date },
): readonly Delivery[] {
  const claimed: Delivery[] = []
  for (const [endpoint, free] of query.free) {
    // Each lease hides one head at most: its own, or that of the lane it occupies.
    const heads = tx.db.all<DeliveryRow>(
      `${DELIVERIES} WHERE d.head = 1 AND d.endpoint = ? AND d.due_at <= ? ORDER BY d.due_at, d.seq ${AT_MOST}`,
      endpoint,
      query.now.getTime(),
      free + tx.leases.size,
    )
    const takeable = heads.filter(row => tx.leases.isFree(row.id, laneKey(row))).slice(0, free)
    for (const row of takeable) {
      tx.leases.take(row.id, laneKey(row))
      tx.undo(() => tx.leases.release(row.id))
      claimed.push(toDelivery(tx, row))
    }
  }
  return claimed
}

type Settling = {
  readonly id: string
  readonly settlement: DeliverySettlement
  readonly health?: EndpointHealth | undefined
  readonly effects?: Effects | undefined
}

export function settleDelivery(tx: Tx, args: Settling): void {
  const { id, settlement, health, effects } = args
  tx.undo(tx.leases.release(id))
  if (health !== undefined) writeHealth(tx, health)
  const row = findDelivery(tx, id)
  if (row?.status !== 'pending') return
  addAttempt(tx, row, settlement.attempt)
  if (settlement.kind === 'retry') {
    const sql = 'UPDATE deliveries SET due_at = ?, begun_after = begun_after + ? WHERE seq = ?'
    tx.db.run(sql, settlement.dueAt.getTime(), settlement.spared ? 1 : 0, row.seq)
  } else {
    tx.db.run('UPDATE deliveries SET status = ? WHERE seq = ?', settlement.kind, row.seq)
    markLaneHead(tx, row)
  }
  tx.touch('deliveries')
  writeEffects(tx, effects)
}

export function replayDelivery(
  tx: Tx,
  args: { id: string; now: Date; effects?: Effects | undefined },
): boolean {
  const row = findDelivery(tx, args.id)
  if (row === undefined || row.status === 'pending') return false
  beginAnew(tx, row, args.now)
  writeEffects(tx, args.effects)
  return true
}

/** Asked of the writer, because only it knows the leases. */
export function nextDeliveryDueAt(
  tx: Tx,
  { endpoints }: { endpoints?: readonly string[] | undefined },
): Date | undefined {
  if (endpoints === undefined) return earliestFree(tx)
  const instants = endpoints.map(
    endpoint => earliestFree(tx, endpoint)?.getTime() ?? Number.POSITIVE_INFINITY,
  )
  const earliest = Math.min(...instants)
  return Number.isFinite(earliest) ? new Date(earliest) : undefined
}

function earliestFree({ db, leases }: Tx, endpoint?: string): Date | undefined {
  const heads = db.all<Queued & { readonly id: string; readonly due_at: number }>(
    `SELECT seq, id, endpoint, lane, due_at FROM deliveries WHERE head = 1 ${endpoint === undefined ? '' : 'AND endpoint = ?'}
     ORDER BY due_at, seq ${AT_MOST}`,
    ...(endpoint === undefined ? [] : [endpoint]),
    leases.size + 1,
  )
  const free = heads.find(row => leases.isFree(row.id, laneKey(row)))
  return free === undefined ? undefined : new Date(free.due_at)
}
