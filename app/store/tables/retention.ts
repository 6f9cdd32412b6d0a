import { isDamaged, isWaiting, type MessageContent } from '../../model/message.ts'
import { unlessDamaged } from '../database/failures.ts'
import type { SweepAnswer, SweepStep } from '../retention.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { appendAudit } from './audit.ts'
import { removeDecisions } from './decisions.ts'
import { EVENT_COLUMNS, type EventRow, noteRemoved, toEvent } from './events.ts'
import { isAwaited, oldMedia, removeRow } from './media.ts'
import { findOwn } from './message-list.ts'
import { MESSAGES, type MessageRow, replaceContent, showMessage } from './message-row.ts'
import { forgetVotes } from './poll-votes.ts'

/** Rows that one step looks at, whether or not it removes them: some milliseconds of the writer's time. */
const LOOKED_AT = 100

/** One small stretch of a sweep. */
export function sweep(tx: Tx, step: SweepStep): SweepAnswer {
  switch (step.what) {
    case 'bodies':
      return sweepMessages(tx, step, row => removeBody(tx, row))
    case 'messages':
      return sweepMessages(tx, step, ({ seq }) => tx.db.run('DELETE FROM messages WHERE seq = ?', seq))
    case 'delivered':
    case 'dead':
      return sweepDeliveries(tx, step)
    case 'events':
      return sweepEvents(tx, step)
    case 'decisions': {
      const { removed, more } = removeDecisions(tx, step.before)
      return { removed, next: more ? [0, 0] : null }
    }
    case 'media':
      return sweepMedia(tx, step)
  }
}

/** The oldest first, by their own clock: history that was fetched late is as old as it says. Entries still to be sent stay. */
function sweepMessages(tx: Tx, step: SweepStep, remove: (row: MessageRow) => void): SweepAnswer {
  const kept = step.what === 'bodies' ? 'body_kept = 1 AND' : ''
  const [at, seq] = step.from
  const rows = tx.db.all<MessageRow>(
    `${MESSAGES} WHERE ${kept} created_at < ? AND (created_at, seq) > (?, ?) ORDER BY created_at, seq LIMIT ?`,
    step.before.getTime(),
    at,
    seq,
    LOOKED_AT,
  )
  const over = rows.filter(row => !isWaiting(row.status))
  for (const row of over) remove(row)
  return answerOf(over.length, rows, row => [row.created_at, row.seq])
}

function removeBody(tx: Tx, row: MessageRow): void {
  const message = showMessage(tx, row)
  const { type } = message.content
  const content: MessageContent = { type: 'removed', removed: { type } }
  if (isDamaged(message)) tx.db.run("UPDATE messages SET body = x'' WHERE seq = ?", row.seq)
  else if (type !== 'removed') replaceContent(tx, row, content)
  if (type === 'poll' || isDamaged(message)) forgetVotes(tx, row)
  tx.db.run('UPDATE messages SET body_kept = 0 WHERE seq = ?', row.seq)
}

/** Counted from when they ended. That letters to nobody are gone for good is written down with it. */
function sweepDeliveries(tx: Tx, { what, before, from, at }: SweepStep): SweepAnswer {
  const rows = tx.db.all<{ seq: number; created_at: number; ended_at: number }>(
    `SELECT seq, created_at,
       coalesce((SELECT max(at) FROM delivery_attempts WHERE delivery = deliveries.seq), created_at) AS ended_at
     FROM deliveries WHERE status = ? AND seq > ? ORDER BY seq LIMIT ?`,
    what,
    from[1],
    LOOKED_AT,
  )
  const old = rows.filter(row => row.created_at < before.getTime())
  const over = old.filter(row => row.ended_at < before.getTime())
  for (const { seq } of over) tx.db.run('DELETE FROM deliveries WHERE seq = ?', seq)
  if (what === 'dead' && over.length > 0) {
    const detail = { dead_deliveries: over.length }
    appendAudit(tx, [{ at, principal: 'system', action: 'retention.remove', decision: 'done', detail }])
  }
  const further = old.length === rows.length ? rows : [] // the rest is younger
  return answerOf(over.length, further, row => [0, row.seq])
}

/** From the oldest on; what somebody still needs stays behind. */
function sweepEvents(tx: Tx, { before, from }: SweepStep): SweepAnswer {
  const rows = tx.db.all<EventRow & { seq: number; owed: number }>(
    `SELECT events.seq, ${EVENT_COLUMNS}, EXISTS (SELECT 1 FROM deliveries WHERE event = events.seq) AS owed
     FROM events WHERE events.seq > ? ORDER BY events.seq LIMIT ?`,
    from[1],
    LOOKED_AT,
  )
  const young = rows.findIndex(row => row.event_at >= before.getTime())
  const old = young === -1 ? rows : rows.slice(0, young)
  const over = old.filter(row => row.owed === 0 && !tellsOfUnfinished(tx, row))
  for (const { seq } of over) tx.db.run('DELETE FROM events WHERE seq = ?', seq)
  const last = over.at(-1)
  if (last !== undefined) noteRemoved(tx, last)
  return answerOf(over.length, young === -1 ? rows : [], row => [0, row.seq])
}

/** Only what has begun can be unfinished; every later event of a message says that it was sent or is over. */
function tellsOfUnfinished(source: Source, row: EventRow): boolean {
  const { event_type: type, event_account: account } = row
  if (account === null || (type !== 'message.queued' && type !== 'message.held')) return false
  // One that is damaged tells nobody anything.
  const id = unlessDamaged(
    () => toEvent(source, row).data.message_id,
    () => undefined,
  )
  const message = typeof id === 'string' ? findOwn(source, account, id) : undefined
  return message !== undefined && isWaiting(message.status)
}

function sweepMedia(tx: Tx, { before, from }: SweepStep): SweepAnswer {
  const rows = oldMedia(tx, { before, from, limit: LOOKED_AT })
  const over = rows.filter(row => !isAwaited(tx, row))
  const files = over.flatMap(row => removeRow(tx, row))
  return { ...answerOf(over.length, rows, row => [row.created_at, row.seq]), files }
}

function answerOf<Row>(
  removed: number,
  rows: readonly Row[],
  place: (row: Row) => readonly [number, number],
): SweepAnswer {
  const last = rows.at(-1)
  return { removed, next: rows.length < LOOKED_AT || last === undefined ? null : place(last) }
}
