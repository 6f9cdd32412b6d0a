import type { Message } from '../../model/message.ts'
import { undamaged, unlessDamaged } from '../database/failures.ts'
import { pageOf, seqOfCursor } from '../database/query.ts'
import type { Page } from '../effects.ts'
import type { Source } from '../writer/transaction.ts'
import { MESSAGES, type MessageRow, toMessage } from './message-row.ts'

export type ChatQuery = { readonly account: string; readonly before?: string; readonly limit: number }

/** Leaps from chat to chat over the index, so that the cost follows the number of chats and not that of messages. */
const LATEST = `
WITH RECURSIVE chats (chat) AS (
  SELECT min(chat) FROM messages WHERE account = ?1
  UNION ALL
  SELECT (SELECT min(chat) FROM messages WHERE account = ?1 AND chat > chats.chat) FROM chats WHERE chats.chat IS NOT NULL
), latest (seq) AS (
  SELECT (SELECT max(seq) FROM messages WHERE account = ?1 AND chat = chats.chat) FROM chats WHERE chats.chat IS NOT NULL
)
${MESSAGES} WHERE seq IN (SELECT seq FROM latest WHERE seq < ?2 ORDER BY seq DESC LIMIT ?3) ORDER BY seq DESC`

/**
 * The last message of each chat, newest first; where it is damaged, the last that can be read, for it alone tells what chat
 * that is. The cursor is a message's id.
 */
export function latestMessages(source: Source, { account, before, limit }: ChatQuery): Page<Message> {
  const cursorSql = 'SELECT seq FROM messages WHERE id = ? AND account = ?'
  const below =
    before === undefined ? Number.MAX_SAFE_INTEGER : seqOfCursor(source.db, cursorSql, before, account)
  const rows = source.db.all<MessageRow>(LATEST, account, below, limit + 1)
  const { items, next } = pageOf(rows, limit, {
    item: row => lastReadable(source, row),
    cursor: row => row.id,
  })
  return { items: items.filter(item => item !== undefined), next }
}

function lastReadable(source: Source, last: MessageRow): Message | undefined {
  return unlessDamaged(
    () => toMessage(source, last),
    () => undamaged(rowsBefore(source, last), row => toMessage(source, row))[0]?.item,
  )
}

/** Not all of them: where the key is gone, none can be read. */
const LOOKED_BACK = 20

function rowsBefore({ db }: Source, { account, chat, seq }: MessageRow): readonly MessageRow[] {
  const sql = `${MESSAGES} WHERE account = ? AND chat = ? AND seq < ? ORDER BY seq DESC LIMIT ?`
  return db.all<MessageRow>(sql, account, chat, seq, LOOKED_BACK)
}
