import type { Log } from '../lib/log.ts'
import type { AuditDraft } from '../model/audit.ts'
import type { DecisionRecord } from '../model/decision.ts'
import type { EventType, JsonObject, RouteEvent } from '../model/event.ts'
import type { Message, MessageStatus } from '../model/message.ts'
import { messageEvent } from '../model/message-event.ts'
import type { SendFailureCode } from '../model/send-failure.ts'
import { targetIn } from '../model/target.ts'
import type { StatusChange } from '../store/messages.ts'
import type { Store } from '../store/store.ts'

export type SettleDeps = { readonly store: Store; readonly route: RouteEvent; readonly log: Log }

/** How an entry's life goes on. */
export type Settlement = {
  readonly status: 'sent' | 'failed' | 'expired'
  readonly at: Date
  readonly code?: SendFailureCode | undefined
  readonly reason?: string
  readonly audit?: readonly AuditDraft[]
  readonly decisions?: readonly DecisionRecord[]
}

/** Writes down what came of an entry with the event of it; false when it is none of `onlyFrom` any more. */
export async function settleAs(
  entry: Message,
  settlement: Settlement,
  deps: SettleDeps,
  onlyFrom?: readonly MessageStatus[],
): Promise<boolean> {
  const { status, at, code, reason, audit = [], decisions = [] } = settlement
  const type: EventType = status === 'sent' ? 'message.sent' : 'message.failed'
  const error: JsonObject = reason === undefined ? {} : { error: { code: code ?? status, message: reason } }
  const event = deps.route(messageEvent(type, { ...entry, status }, { status, ...error }))
  const edited = status === 'sent' ? await editedBy(entry, deps) : undefined
  const change = {
    account: entry.account,
    messageId: entry.messageId,
    to: status,
    at,
    ...(onlyFrom === undefined ? {} : { onlyFrom }),
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { detail: reason }),
    ...(edited === undefined ? {} : { edited }),
  }
  const done = await deps.store.messages.advance(change, { events: [event], audit, decisions })
  if (done && status !== 'sent')
    deps.log.warn(`outbox.${status}`, { id: entry.id, account: entry.account, code })
  return done
}

/** An edit that has left changes the message that it is about. */
async function editedBy(
  { account, chat, content }: Message,
  { store }: SettleDeps,
): Promise<StatusChange['edited']> {
  if (content.type !== 'edit') return undefined
  const target = targetIn(chat, await store.messages.named(account, content.edit.message_id))
  if (target?.direction !== 'out') return undefined
  const { context, mentions, ephemeral_seconds } = target.content
  const around = {
    ...(context === undefined ? {} : { context }),
    ...(mentions === undefined ? {} : { mentions }),
    ...(ephemeral_seconds === undefined ? {} : { ephemeral_seconds }),
  }
  return { id: target.id, content: { type: 'text', text: { body: content.edit.body }, ...around } }
}
