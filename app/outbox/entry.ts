import { randomBytes } from 'node:crypto'
import type { AuditDraft } from '../model/audit.ts'
import { kindOfChat } from '../model/chat.ts'
import type { DecisionRequest } from '../model/decision.ts'
import type { JsonObject } from '../model/event.ts'
import { plainMime } from '../model/media.ts'
import { type AskedContent, type Message, type MessageContent, mediaIn } from '../model/message.ts'

/** An entry of the outbox, whatever has become of it, and before it is one. */
export type Entry = Omit<Message, 'timeline' | 'status' | 'content'> & {
  readonly content: MessageContent | AskedContent
}

const MESSAGE_ID_BYTES = 9

/** A WhatsApp message id in the shape Baileys gives its own: `3EB0` and 18 hexadecimal digits. */
export function newMessageId(): string {
  return `3EB0${randomBytes(MESSAGE_ID_BYTES).toString('hex').toUpperCase()}`
}

/** What the policy is asked about an entry of the outbox, when it is enqueued and again when it is about to leave. */
export function sendingOf(entry: Entry, at: Date): DecisionRequest {
  return {
    principal: entry.principal ?? 'system',
    action: 'messages.send',
    account: entry.account,
    to: entry.chat,
    recipientKind: kindOfChat(entry.chat),
    ...saidIn(entry.content),
    ...(entry.purpose === undefined ? {} : { purpose: entry.purpose }),
    ...(entry.ip === undefined ? {} : { ip: entry.ip }),
    at,
  }
}

/** The audit draft of something decided about an entry; `detail` comes on top of the entry's own ids. */
export function auditOf(
  entry: Entry,
  act: Pick<AuditDraft, 'at' | 'principal' | 'action' | 'decision' | 'credential' | 'ip'>,
  detail: JsonObject = {},
): AuditDraft {
  return {
    ...act,
    target: entry.chat,
    detail: { account: entry.account, id: entry.id, type: entry.content.type, ...detail },
  }
}

/** What a rule can say of a message's content, and of the file that it carries. */
export function saidIn(
  content: Entry['content'],
): Pick<DecisionRequest, 'type' | 'template' | 'size' | 'mime'> {
  const { size, mime_type: mime } = mediaIn(content) ?? {}
  return {
    type: content.type,
    ...(content.type === 'template' && { template: content.template.name }),
    ...(size === undefined ? {} : { size }),
    ...(mime === undefined ? {} : { mime: plainMime(mime) }),
  }
}
