import { AT_MOST } from '../database/query.ts'
import type { Tx } from '../writer/transaction.ts'
import type { MessageRow } from './message-row.ts'

type InChat = Pick<MessageRow, 'account' | 'chat'>
type InLine = InChat & Pick<MessageRow, 'seq'>

/** How many entries that have fallen due one claim lets into their lines; the rest follow with the next. */
const MOST_JOINING = 1_000

/** Both are asked at every enqueue and every settlement; a test looks at their plans. */
export const LINE_QUERIES = {
  front: `SELECT coalesce(
    (SELECT seq FROM messages WHERE account = ?1 AND chat = ?2 AND status = 'sending' LIMIT 1),
    (SELECT seq FROM messages WHERE account = ?1 AND chat = ?2 AND place IS NOT NULL AND status = 'queued'
      ORDER BY place LIMIT 1)) AS seq`,
  end: 'SELECT max(place) AS place FROM messages WHERE account = ? AND chat = ? AND place IS NOT NULL',
  turn: 'SELECT max(head) AS turn FROM messages WHERE account = ? AND head > 0',
  due: `SELECT seq, account, chat FROM messages WHERE account = ? AND place IS NULL AND status = 'queued' AND due_at <= ?
    ORDER BY due_at, seq ${AT_MOST}`,
} as const

/** Puts an entry that is due at the end of its chat's line. */
export function joinLine(tx: Tx, { seq, account, chat }: InLine): void {
  const end = tx.db.get<{ place: number | null }>(LINE_QUERIES.end, account, chat)
  tx.db.run('UPDATE messages SET place = ? WHERE seq = ?', (end?.place ?? 0) + 1, seq)
  markHead(tx, { account, chat })
}

/**
 * Lets entries that have fallen due into their lines, in the order in which they did. Until then they stand outside, so
 * that an entry for next week holds back nothing of today.
 */
export function joinDue(tx: Tx, account: string, now: number): void {
  for (const entry of tx.db.all<InLine>(LINE_QUERIES.due, account, now, MOST_JOINING)) joinLine(tx, entry)
}

/**
 * Marks the front of a chat's line anew: the entry in `sending` if there is one, else the first in `queued`. Must follow every change that lets an entry enter or leave it. A claim then looks
 * at heads alone, so that it costs the same whether ten or a hundred thousand entries wait. Who comes to the front takes
 * the account's next turn.
 */
export function markHead({ db }: Tx, { account, chat }: InChat): void {
  const seq = db.get<{ seq: number | null }>(LINE_QUERIES.front, account, chat)?.seq ?? null
  db.run(
    'UPDATE messages SET head = 0 WHERE account = ? AND chat = ? AND head > 0 AND seq IS NOT ?',
    account,
    chat,
    seq,
  )
  if (seq === null) return
  const turn = (db.get<{ turn: number | null }>(LINE_QUERIES.turn, account)?.turn ?? 0) + 1
  db.run('UPDATE messages SET head = ? WHERE seq = ? AND head = 0', turn, seq)
}
