import type { Message } from '../../model/message.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { addStep, MESSAGES, type MessageRow, toMessage } from './message-row.ts'

type Candidate = { readonly seq: number }

/**
 * Marks the head of a chat anew: the entry in `sending` if there is one, else the oldest in `queued`. Must follow every
 * change that lets an entry of the chat enter or leave these two. A claim then looks at heads alone, so that it costs the
 * same whether ten or a hundred thousand entries wait.
 */
export function markHead({ db }: Tx, account: string, chat: Uint8Array): void {
  const next = db.get<{ seq: number | null }>(
    `SELECT coalesce(
       (SELECT seq FROM messages WHERE account = ?1 AND chat = ?2 AND status = 'sending' LIMIT 1),
       (SELECT min(seq) FROM messages WHERE account = ?1 AND chat = ?2 AND status = 'queued')) AS seq`,
    account,
    chat,
  )
  const seq = next?.seq ?? null
  db.run(
    'UPDATE messages SET head = 0 WHERE account = ? AND chat = ? AND head = 1 AND seq IS NOT ?',
    account,
    chat,
    seq,
  )
  if (seq !== null) db.run('UPDATE messages SET head = 1 WHERE seq = ? AND head = 0', seq)
}

/**
 * The accounts share the claim evenly: the oldest due head of each, then the second of each, so that a campaign on one
 * does not keep another waiting. Tells no listener, because nothing becomes claimable by it.
 */
export function claimMessages(
  tx: Tx,
  query: { accounts: readonly string[]; now: Date; limit: number },
): readonly Message[] {
  const now = query.now.getTime()
  const ranked = [...new Set(query.accounts)].flatMap(account =>
    dueHeads(tx, account, now, query.limit).map((candidate, rank) => ({ ...candidate, rank })),
  )
  ranked.sort((a, b) => a.rank - b.rank || a.seq - b.seq)
  return ranked.slice(0, query.limit).flatMap(({ seq }) => {
    tx.db.run(`UPDATE messages SET status = 'sending', attempt_count = attempt_count + 1 WHERE seq = ?`, seq)
    const row = tx.db.get<MessageRow>(`${MESSAGES} WHERE seq = ?`, seq)
    if (row === undefined) return []
    addStep(tx, row, { status: 'sending', at: query.now })
    return [toMessage(tx, row)]
  })
}

/** When the next head of these accounts is due. */
export function nextMessageDueAt({ db }: Source, accounts: readonly string[]): Date | undefined {
  let next: number | undefined
  for (const account of accounts) {
    const row = db.get<{ due_at: number; created_at: number }>(
      `SELECT due_at, created_at FROM messages WHERE head = 1 AND status = 'queued' AND account = ?
       ORDER BY due_at, seq LIMIT 1`,
      account,
    )
    if (row === undefined) continue
    const dueAt = row.due_at || row.created_at
    if (next === undefined || dueAt < next) next = dueAt
  }
  return next === undefined ? undefined : new Date(next)
}

/** Oldest first, also when an old one that had to wait meets many fresh ones: each kind has an end of the index. */
function dueHeads({ db }: Tx, account: string, now: number, limit: number): readonly Candidate[] {
  const heads = `SELECT seq FROM messages WHERE head = 1 AND status = 'queued' AND account = ?1`
  return db.all<Candidate>(
    `SELECT seq FROM (${heads} AND due_at = 0 ORDER BY seq LIMIT ?3)
     UNION ALL SELECT seq FROM (${heads} AND due_at > 0 AND due_at <= ?2 ORDER BY due_at LIMIT ?3)
     ORDER BY seq LIMIT ?3`,
    account,
    now,
    limit,
  )
}
