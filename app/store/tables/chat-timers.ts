import { type ChatId, kindOfChat } from '../../model/chat.ts'
import type { Message } from '../../model/message.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { chatHash } from './message-row.ts'

/** The timer of a chat with one person, as it stands since `at`. */
export type ChatTimer = {
  readonly account: string
  readonly chat: ChatId
  /** 0: messages stay. */
  readonly seconds: number
  readonly at: Date
}

/** Notes the timer that a message sets, or was sent under. Groups tell theirs whenever they are asked. */
export function noteTimer(tx: Tx, { account, chat, content, createdAt }: Message): void {
  const seconds = content.type === 'ephemeral' ? content.ephemeral.seconds : content.ephemeral_seconds
  if (seconds !== undefined) setTimer(tx, { account, chat, seconds, at: createdAt })
}

export function setTimer(tx: Tx, { account, chat, seconds, at }: ChatTimer): void {
  if (kindOfChat(chat) !== 'contact') return
  tx.db.run(
    `INSERT INTO chat_timers (account, chat, seconds, at) VALUES (?, ?, ?, ?)
     ON CONFLICT (account, chat) DO UPDATE SET seconds = excluded.seconds, at = excluded.at WHERE excluded.at >= at`,
    account,
    chatHash(tx, account, chat),
    seconds,
    at.getTime(),
  )
}

export function forgetTimer(tx: Tx, chat: ChatId): void {
  for (const { account } of tx.db.all<{ account: string }>('SELECT DISTINCT account FROM chat_timers'))
    tx.db.run('DELETE FROM chat_timers WHERE account = ? AND chat = ?', account, chatHash(tx, account, chat))
}

/** 0 where messages stay. */
export function timerOf(source: Source, account: string, chat: string): number {
  const row = source.db.get<{ seconds: number }>(
    'SELECT seconds FROM chat_timers WHERE account = ? AND chat = ?',
    account,
    chatHash(source, account, chat),
  )
  return row?.seconds ?? 0
}
