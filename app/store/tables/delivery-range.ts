import { type Condition, where } from '../database/query.ts'
import type { OwedCount, ReplayedPart, ReplayRange } from '../deliveries.ts'
import type { Effects } from '../effects.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { addAttempt } from './delivery-attempts.ts'
import { markLaneHead } from './delivery-lane.ts'
import { DELIVERIES, type DeliveryRow } from './delivery-row.ts'
import { writeEffects } from './effects.ts'

/** Most that one write takes, so that a long range never holds up what else wants to be written. */
const PART = 500

/** Begins the schedule of a settled delivery anew. */
export function beginAnew(tx: Tx, row: DeliveryRow, now: Date): void {
  tx.db.run(
    `UPDATE deliveries SET status = 'pending', due_at = ?1, begun_at = ?1, begun_after = attempt_count WHERE seq = ?2`,
    now.getTime(),
    row.seq,
  )
  markLaneHead(tx, row)
  tx.touch('deliveries')
}

export function replayRange(
  tx: Tx,
  { range, now, effects }: { range: ReplayRange; now: Date; effects?: Effects | undefined },
): ReplayedPart {
  const { endpoint, status, from, to, accounts, after = 0 } = range
  const conditions: Condition[] = [
    ['d.endpoint = ?', endpoint],
    ['d.status = ?', status],
    ['d.seq > ?', after],
    ['d.created_at >= ?', from?.getTime()],
    ['d.created_at <= ?', to?.getTime()],
    [
      "ifnull(events.account, '') IN (SELECT value FROM json_each(?))",
      accounts && JSON.stringify(accounts.map(name => name ?? '')),
    ],
  ]
  const { sql, values } = where(conditions)
  const rows = tx.db.all<DeliveryRow>(`${DELIVERIES} ${sql} ORDER BY d.seq LIMIT ?`, ...values, PART)
  for (const row of rows) beginAnew(tx, row, now)
  if (rows.length > 0) writeEffects(tx, effects)
  const last = rows.at(-1)
  return { count: rows.length, ...(rows.length < PART || last === undefined ? {} : { next: last.seq }) }
}

export function hastenDeliveries(tx: Tx, { endpoint, now }: { endpoint: string; now: Date }): void {
  const sql = `UPDATE deliveries SET due_at = ?1 WHERE endpoint = ?2 AND status = 'pending' AND due_at > ?1`
  tx.db.run(sql, now.getTime(), endpoint)
  tx.touch('deliveries')
}

/** `spare` are those that are being attempted at this moment. */
export function buryDeliveries(
  tx: Tx,
  query: { endpoint: string; begunBefore: Date; at: Date; reason: string; spare: ReadonlySet<string> },
): number {
  const rows = tx.db
    .all<DeliveryRow>(
      `${DELIVERIES} WHERE d.endpoint = ? AND d.status = 'pending' AND ifnull(d.begun_at, d.created_at) < ? ORDER BY d.seq LIMIT ?`,
      query.endpoint,
      query.begunBefore.getTime(),
      PART,
    )
    .filter(row => !query.spare.has(row.id))
  for (const row of rows) {
    addAttempt(tx, row, { at: query.at, reason: query.reason, tookMs: 0 })
    tx.db.run(`UPDATE deliveries SET status = 'dead' WHERE seq = ?`, row.seq)
    markLaneHead(tx, row)
  }
  if (rows.length > 0) tx.touch('deliveries')
  return rows.length
}

/** Each count walks an index that holds nothing else. */
export function countOwed({ db }: Source): ReadonlyMap<string, OwedCount> {
  const counts = new Map<string, OwedCount>()
  for (const status of ['pending', 'dead'] as const) {
    const sql = `SELECT endpoint, count(*) AS n FROM deliveries WHERE status = '${status}' GROUP BY endpoint`
    for (const { endpoint, n } of db.all<{ endpoint: string; n: number }>(sql)) {
      counts.set(endpoint, { ...(counts.get(endpoint) ?? { pending: 0, dead: 0 }), [status]: n })
    }
  }
  return counts
}
