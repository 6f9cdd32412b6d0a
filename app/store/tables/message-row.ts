import { present } from '../../lib/present.ts'
import { hasMembers } from '../../model/chat.ts'
import {
  DAMAGED,
  type Message,
  type MessageContent,
  type MessageStatus,
  mediaIn,
  type TimelineStep,
} from '../../model/message.ts'
import { scopeOf } from '../crypto/vault.ts'
import { unlessDamaged } from '../database/failures.ts'
import { instant } from '../database/query.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { expectMedia } from './media.ts'
import { receiptsOf } from './message-receipts.ts'
import { votesOf } from './poll-votes.ts'

export type MessageRow = {
  readonly seq: number
  readonly id: string
  readonly account: string
  readonly direction: 'in' | 'out'
  readonly chat: Uint8Array
  readonly message_id: string
  readonly status: MessageStatus
  readonly head: number
  readonly place: number | null
  readonly attempt_count: number
  readonly created_at: number
  readonly due_at: number
  readonly expires_at: number | null
  readonly approved_by: string | null
  readonly body: Uint8Array
}

type StepRow = {
  readonly n: number
  readonly status: MessageStatus
  readonly at: number
  readonly code: string | null
  readonly detail: Uint8Array | null
}

export const MESSAGES =
  'SELECT seq, id, account, direction, chat, message_id, status, head, place, attempt_count, created_at, due_at, expires_at, approved_by, body FROM messages'

/** Due at once: what `due_at` holds for a message without an instant of its own. */
const AT_ONCE = 0

/** What of a message is sealed: everything that nobody has to search for. */
export type MessageBody = Pick<
  Message,
  | 'chat'
  | 'content'
  | 'from'
  | 'principal'
  | 'ip'
  | 'decisionId'
  | 'callbackData'
  | 'purpose'
  | 'audience'
  | 'secret'
>

export function chatHash({ vault }: Source, account: string, chat: string): Buffer {
  return vault.hash('chat', account, chat)
}

/** What makes a message the same as another: in a chat with one person only they write beside us, in a group everybody does. */
type Identity = Pick<Message, 'account' | 'chat' | 'direction' | 'from' | 'messageId'>

export function messageKey(
  { vault }: Source,
  { account, chat, direction, from, messageId }: Identity,
): string {
  const sender = direction === 'in' && hasMembers(chat) ? (from ?? '') : ''
  return vault
    .hash('message', account, JSON.stringify([chat, direction, sender, messageId]))
    .toString('base64url')
}

/** Inserts the message with its timeline as it is, behind all others or at `place`; whether it heads its chat is for the queue to say. */
export function insertMessage(
  tx: Tx,
  message: Message,
  place?: number,
): { readonly seq: number; readonly chat: Buffer } {
  const { id, account, direction, chat, messageId, status, attemptCount, createdAt, dueAt, expiresAt } =
    message
  const { content, from, principal, ip, decisionId, callbackData, purpose, audience, secret } = message
  const body = { chat, content, from, principal, ip, decisionId, callbackData, purpose, audience, secret }
  const hash = chatHash(tx, account, chat)
  const { rowId: seq } = tx.db.run(
    `INSERT INTO messages (seq, id, account, direction, chat, message_key, message_id, status, attempt_count, created_at, due_at, expires_at, media, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    place ?? null,
    id,
    account,
    direction,
    hash,
    messageKey(tx, message),
    messageId,
    status,
    attemptCount,
    createdAt.getTime(),
    dueAt?.getTime() ?? AT_ONCE,
    expiresAt?.getTime() ?? null,
    direction === 'out' ? (mediaIn(content)?.id ?? null) : null,
    tx.vault.seal(scopeOf(account), bodyCell(id), JSON.stringify(body)),
  )
  for (const step of message.timeline) addStep(tx, { seq, id, account }, step)
  expectMedia(tx, message, place === undefined ? 'at once' : 'when asked for')
  return { seq, chat: hash }
}

/** The content of a message whose author has changed it. */
export function replaceContent(tx: Tx, row: MessageRow, content: MessageContent): void {
  rewriteMessage(tx, row, body => ({ ...body, content }))
}

/** Seals of a message what `change` makes of it; what is another chat then is found under its name. */
export function rewriteMessage(tx: Tx, row: MessageRow, change: (body: MessageBody) => MessageBody): void {
  const before = JSON.parse(tx.vault.open(bodyCell(row.id), row.body).toString()) as MessageBody
  const body = change(before)
  const sealed = tx.vault.seal(scopeOf(row.account), bodyCell(row.id), JSON.stringify(body))
  tx.db.run('UPDATE messages SET body = ? WHERE seq = ?', sealed, row.seq)
  if (body.chat === before.chat) return
  tx.db.run('UPDATE messages SET chat = ? WHERE seq = ?', chatHash(tx, row.account, body.chat), row.seq)
}

/** Adds a step at the end of the timeline. */
export function addStep(tx: Tx, row: Pick<MessageRow, 'seq' | 'id' | 'account'>, step: TimelineStep): void {
  const last = tx.db.get<{ n: number | null }>(
    'SELECT max(n) AS n FROM message_steps WHERE message = ?',
    row.seq,
  )
  const n = (last?.n ?? 0) + 1
  tx.db.run(
    'INSERT INTO message_steps (message, n, status, at, code, detail) VALUES (?, ?, ?, ?, ?, ?)',
    row.seq,
    n,
    step.status,
    step.at.getTime(),
    step.code ?? null,
    tx.vault.sealText(scopeOf(row.account), stepCell(row.id, n), step.detail),
  )
}

export function toMessage(source: Source, row: MessageRow): Message {
  const body = JSON.parse(source.vault.open(bodyCell(row.id), row.body).toString()) as MessageBody
  return {
    ...messageOf(source, row, { ...body, content: body.content as MessageContent }),
    ...receiptsIfGroup(source, row, body.chat),
    ...votesIfPoll(source, row, body),
  }
}

/** For whoever must go on without it: of one that cannot be opened what is not sealed, with a content that says so and no chat. */
export function showMessage(source: Source, row: MessageRow): Message {
  return unlessDamaged(
    () => toMessage(source, row),
    () => messageOf(source, row, { chat: '', content: DAMAGED }),
  )
}

function messageOf(source: Source, row: MessageRow, body: Pick<Message, 'chat' | 'content'>): Message {
  return {
    id: row.id,
    account: row.account,
    direction: row.direction,
    messageId: row.message_id,
    status: row.status,
    createdAt: new Date(row.created_at),
    attemptCount: row.attempt_count,
    ...body,
    ...present({
      dueAt: row.due_at === AT_ONCE ? undefined : new Date(row.due_at),
      expiresAt: instant(row.expires_at),
      approvedBy: row.approved_by ?? undefined,
    }),
    timeline: timelineOf(source, row),
  }
}

/** Only messages of ours in a group have receipts of several people. */
function receiptsIfGroup(source: Source, row: MessageRow, chat: string): Pick<Message, 'receipts'> {
  const receipts = row.direction === 'out' && hasMembers(chat) ? receiptsOf(source, row) : []
  return receipts.length === 0 ? {} : { receipts }
}

function votesIfPoll(source: Source, row: MessageRow, { content }: MessageBody): Pick<Message, 'votes'> {
  const votes = content.type === 'poll' ? votesOf(source, row) : []
  return votes.length === 0 ? {} : { votes }
}

function timelineOf({ db, vault }: Source, row: MessageRow): readonly TimelineStep[] {
  const steps = db.all<StepRow>(
    'SELECT n, status, at, code, detail FROM message_steps WHERE message = ? ORDER BY n',
    row.seq,
  )
  return steps.map(({ n, status, at, code, detail }) => ({
    status,
    at: new Date(at),
    ...present({ code: code ?? undefined, detail: vault.legible(stepCell(row.id, n), detail) }),
  }))
}

function bodyCell(id: string) {
  return { table: 'messages', row: id, column: 'body' }
}

function stepCell(id: string, n: number) {
  return { table: 'message_steps', row: `${id}/${n}`, column: 'detail' }
}
