import type { Message } from '../../model/message.ts'
import { AT_MOST, pageOf, seqOfCursor, where } from '../database/query.ts'
import type { Page } from '../effects.ts'
import type { MessageQuery } from '../messages.ts'
import type { Source } from '../writer/transaction.ts'
import { chatHash, MESSAGES, type MessageRow, toMessage } from './message-row.ts'

/** By our id or by WhatsApp's. Ours wins, so that nobody can send a message that hides another behind its id. */
export function getMessage(source: Source, account: string, id: string): Message | undefined {
  const { db } = source
  const row =
    db.get<MessageRow>(`${MESSAGES} WHERE id = ? AND account = ?`, id, account) ??
    findByMessageId(source, account, id)
  return row === undefined ? undefined : toMessage(source, row)
}

export function findByMessageId({ db }: Source, account: string, messageId: string): MessageRow | undefined {
  return db.get<MessageRow>(`${MESSAGES} WHERE account = ? AND message_id = ?`, account, messageId)
}

export function findById({ db }: Source, id: string): MessageRow | undefined {
  return db.get<MessageRow>(`${MESSAGES} WHERE id = ?`, id)
}

/** Newest first. The cursor is a message's id. */
export function listMessages(source: Source, query: MessageQuery): Page<Message> {
  const { account, chat, direction, status, before, limit } = query
  const cursorSql = 'SELECT seq FROM messages WHERE id = ? AND account = ?'
  const { sql, values } = where([
    ['account = ?', account],
    ['chat = ?', chat === undefined ? undefined : chatHash(source, account, chat)],
    ['direction = ?', direction],
    ['status = ?', status],
    ['seq < ?', before === undefined ? undefined : seqOfCursor(source.db, cursorSql, before, account)],
  ])
  const rows = source.db.all<MessageRow>(`${MESSAGES} ${sql} ORDER BY seq DESC LIMIT ?`, ...values, limit + 1)
  return pageOf(rows, limit, { item: row => toMessage(source, row), cursor: row => row.id })
}

/** Entries that still wait although their time is over, the longest over first. */
export function pastExpiry(source: Source, now: Date, limit: number): readonly Message[] {
  return source.db
    .all<MessageRow>(
      `${MESSAGES} WHERE status IN ('queued', 'held') AND expires_at IS NOT NULL AND expires_at <= ?
       ORDER BY expires_at ${AT_MOST}`,
      now.getTime(),
      limit,
    )
    .map(row => toMessage(source, row))
}
