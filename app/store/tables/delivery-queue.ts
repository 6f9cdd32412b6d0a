import { reasonOf } from '../../lib/error.ts'
import { unlessDamaged } from '../database/failures.ts'
import { AT_MOST } from '../database/query.ts'
import type { Delivery, DeliverySettlement, UnreadableDelivery } from '../deliveries.ts'
import type { Effects } from '../effects.ts'
import type { EndpointHealth } from '../endpoints.ts'
import type { Leases } from '../leases.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { addAttempt } from './delivery-attempts.ts'
import { laneKey, markLaneHead, type Queued } from './delivery-lane.ts'
import { beginAnew } from './delivery-range.ts'
import { findDelivery, toDelivery } from './delivery-row.ts'
import { writeEffects } from './effects.ts'
import { writeHealth } from './endpoints.ts'

type Head = Queued & { readonly id: string; readonly due_at: number }

/** A claim's question; a test looks at its plan. */
export const HEADS = `SELECT seq, id, endpoint, lane, due_at FROM deliveries WHERE head = 1 AND endpoint = ? ORDER BY due_at, seq ${AT_MOST}`

/**
 * Takes due heads, at most `free` of each endpoint. What it takes is leased in memory; the database learns of it when it is
 * settled, so that a claim only reads.
 */
export function claimDeliveries(
  source: Source,
  leases: Leases,
  query: { free: ReadonlyMap<string, number>; now: Date },
): readonly (Delivery | UnreadableDelivery)[] {
  const claimed: { readonly head: Head; readonly delivery: Delivery | UnreadableDelivery }[] = []
  for (const [endpoint, free] of query.free) {
    for (const head of freeHeads(source, leases, { endpoint, most: free })) {
      const delivery = head.due_at <= query.now.getTime() ? read(source, head) : undefined
      if (delivery !== undefined) claimed.push({ head, delivery })
    }
  }
  for (const { head } of claimed) leases.take(head.id, laneKey(head)) // nothing that throws may come after
  return claimed.map(({ delivery }) => delivery)
}

/** One that is damaged must not break off the claim: it would do so every time, and nothing would ever be posted again. */
function read(source: Source, { id, endpoint }: Head): Delivery | UnreadableDelivery | undefined {
  const whole = () => {
    const row = findDelivery(source, id)
    return row && toDelivery(source, row)
  }
  return unlessDamaged(whole, damage => ({
    id,
    endpoint,
    unreadable: `it cannot be read: ${reasonOf(damage)}`,
  }))
}

type Settling = {
  readonly id: string
  readonly settlement: DeliverySettlement
  readonly health?: EndpointHealth | undefined
  readonly effects?: Effects | undefined
}

export function settleDelivery(tx: Tx, args: Settling): void {
  const { id, settlement, health, effects } = args
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

/** When the first head that nobody works on is due. */
export function nextDeliveryDueAt(
  source: Source,
  leases: Leases,
  endpoints: readonly string[],
): Date | undefined {
  const instants = endpoints.flatMap(endpoint =>
    freeHeads(source, leases, { endpoint, most: 1 }).map(({ due_at }) => due_at),
  )
  return instants.length === 0 ? undefined : new Date(Math.min(...instants))
}

function freeHeads(
  { db }: Source,
  leases: Leases,
  { endpoint, most }: { endpoint: string; most: number },
): readonly Head[] {
  // Each lease hides one head at most: its own, or that of the lane it occupies.
  const heads = db.all<Head>(HEADS, endpoint, most + leases.size)
  return heads.filter(head => leases.isFree(head.id, laneKey(head))).slice(0, most)
}
