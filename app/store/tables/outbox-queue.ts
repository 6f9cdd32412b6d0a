import type { Message } from '../../model/message.ts'
import { AT_MOST } from '../database/query.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { addStep, MESSAGES, type MessageRow, showMessage } from './message-row.ts'
import { joinDue } from './outbox-line.ts'

const CLAIMABLE = `FROM messages INDEXED BY messages_claimable WHERE head > 0 AND status = 'queued' AND account = ?1`
const LATER = `FROM messages WHERE place IS NULL AND status = 'queued' AND account = ?1`

/** A claim's questions; a test looks at their plans. Each kind of head has an end of the index. */
export const CLAIM_QUERIES = {
  heads: `SELECT seq FROM (
      SELECT seq, head FROM (SELECT seq, head ${CLAIMABLE} AND due_at = 0 ORDER BY head ${AT_MOST}3)
      UNION ALL SELECT seq, head FROM (
        SELECT seq, head ${CLAIMABLE} AND due_at > 0 AND due_at <= ?2 ORDER BY due_at ${AT_MOST}3))
    ORDER BY head ${AT_MOST}3`,
  nextHead: `SELECT due_at, created_at ${CLAIMABLE} ORDER BY due_at LIMIT 1`,
  nextLater: `SELECT due_at, created_at ${LATER} ORDER BY due_at LIMIT 1`,
} as const

/** Takes heads in the order of their turns. Tells no listener, because nothing becomes claimable by it. */
export function claimMessages(
  tx: Tx,
  query: { free: ReadonlyMap<string, number>; now: Date },
): readonly Message[] {
  const now = query.now.getTime()
  const claimed: Message[] = []
  for (const [account, free] of query.free) {
    joinDue(tx, account, now)
    for (const { seq } of tx.db.all<{ seq: number }>(CLAIM_QUERIES.heads, account, now, free)) {
      claimed.push(take(tx, seq, query.now))
    }
  }
  return claimed
}

function take(tx: Tx, seq: number, at: Date): Message {
  tx.db.run(`UPDATE messages SET status = 'sending', attempt_count = attempt_count + 1 WHERE seq = ?`, seq)
  const row = tx.db.get<MessageRow>(`${MESSAGES} WHERE seq = ?`, seq) as MessageRow // it was just updated
  addStep(tx, row, { status: 'sending', at })
  return showMessage(tx, row) // one that is damaged must not undo the claim: nothing would ever be sent again
}

/** When the next head of these accounts is due, or the next entry outside a line. */
export function nextMessageDueAt({ db }: Source, accounts: readonly string[]): Date | undefined {
  let next = Number.POSITIVE_INFINITY
  for (const account of accounts) {
    for (const sql of [CLAIM_QUERIES.nextHead, CLAIM_QUERIES.nextLater]) {
      const row = db.get<{ due_at: number; created_at: number }>(sql, account)
      if (row !== undefined) next = Math.min(next, row.due_at || row.created_at)
    }
  }
  return Number.isFinite(next) ? new Date(next) : undefined
}

const TRIED =
  "'queued', 'held', 'sending', 'sent', 'delivered', 'read', 'played', 'failed', 'expired', 'cancelled'"

export function triedSince({ db }: Source, account: string, since: Date): number {
  const row = db.get<{ tried: number }>(
    `SELECT count(*) AS tried FROM messages
     WHERE account = ?1 AND status IN (${TRIED}) AND direction = 'out' AND attempt_count > 0
       AND EXISTS (SELECT 1 FROM message_steps WHERE message = messages.seq AND status = 'sending' AND at >= ?2)`,
    account,
    since.getTime(),
  )
  return row?.tried ?? 0
}
