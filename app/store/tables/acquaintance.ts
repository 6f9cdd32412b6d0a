import type { Acquaintance } from '../../model/decision.ts'
import type { Source } from '../writer/transaction.ts'
import { chatHash } from './message-row.ts'

const EXCHANGED = "direction = 'in' OR status IN ('sent', 'delivered', 'read', 'played')"

/** What the messages that are kept say of an account and a chat; one that never left makes nobody acquainted. */
export function acquaintance(source: Source, account: string, chat: string): Required<Acquaintance> {
  const hash = chatHash(source, account, chat)
  const last = source.db.get<{ at: number }>(
    `SELECT created_at AS at FROM messages WHERE account = ? AND chat = ? AND direction = 'in' ORDER BY seq DESC LIMIT 1`,
    account,
    hash,
  )
  if (last !== undefined) return { firstContact: false, lastInboundAt: new Date(last.at) }
  const exchanged = source.db.get(
    `SELECT 1 FROM messages WHERE account = ? AND chat = ? AND (${EXCHANGED}) LIMIT 1`,
    account,
    hash,
  )
  return { firstContact: exchanged === undefined, lastInboundAt: 'never' }
}
