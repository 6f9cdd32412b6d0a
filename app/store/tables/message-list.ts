import type { Message } from '../../model/message.ts'
import { AT_MOST, pageOf, seqOfCursor, where } from '../database/query.ts'
import type { Page } from '../effects.ts'
import type { MessageQuery } from '../messages.ts'
import type { Source } from '../writer/transaction.ts'
import { chatHash, MESSAGES, type MessageRow, messageKey, showMessage, toMessage } from './message-row.ts'

/** By our id or by WhatsApp's. Ours wins, and our message, so that nobody can send one that hides another behind its id. */
export function getMessage(source: Source, account: string, id: string): Message | undefined {
  const { db } = source
  const row =
    db.get<MessageRow>(`${MESSAGES} WHERE id = ? AND account = ?`, id, account) ??
    rowsNamed(source, account, id)[0]
  return row === undefined ? undefined : showMessage(source, row)
}

/** All messages with an id of WhatsApp's, which is unique only for a chat and a sender; those of ours first, then the oldest. */
export function messagesNamed(source: Source, account: string, messageId: string): readonly Message[] {
  return rowsNamed(source, account, messageId).map(row => toMessage(source, row))
}

/** The message that a receipt or an ack is about. */
export function findOwn(source: Source, account: string, messageId: string): MessageRow | undefined {
  const [first] = rowsNamed(source, account, messageId)
  return first?.direction === 'out' ? first : undefined
}

/** The row of the same message, where it is known. */
export function findKnown(source: Source, message: Message): MessageRow | undefined {
  const { account, chat, direction, messageId } = message
  const key = messageKey(source, message)
  return (
    source.db.get<MessageRow>(`${MESSAGES} WHERE account = ? AND message_key = ?`, account, key) ??
    source.db.get<MessageRow>(
      `${MESSAGES} WHERE account = ? AND message_key = ? AND chat = ? AND direction = ?`, // of an older version
      account,
      messageId,
      chatHash(source, account, chat),
      direction,
    )
  )
}

function rowsNamed({ db }: Source, account: string, messageId: string): readonly MessageRow[] {
  const ORDER = "ORDER BY direction = 'out' DESC, seq"
  return db.all<MessageRow>(`${MESSAGES} WHERE account = ? AND message_id = ? ${ORDER}`, account, messageId)
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
  return pageOf(rows, limit, { item: row => showMessage(source, row), cursor: row => row.id })
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
    .map(row => showMessage(source, row))
}
