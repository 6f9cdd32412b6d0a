import type { ChatId, ChatKind } from './chat.ts'
import type { GestureType } from './content/gesture.ts'
import type { AskedContent, Message, OutgoingContent } from './message.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How long after a message its author may change it and take it back, as WhatsApp's apps have it. */
export const EDIT_WINDOW_MS = 15 * MINUTE_MS
export const REVOKE_WINDOW_MS = 60 * HOUR_MS

/** A message that has left, or was received. */
const OUT = new Set<Message['status']>(['sent', 'delivered', 'read', 'played', 'received'])

/** What another message is needed for. */
export type Reference = { readonly type: GestureType | 'forward'; readonly messageId: string }

/** What is wrong with what a message is about, at a path of the request. */
export type GestureFault = { readonly kind: 'unfit'; readonly path: string; readonly message: string }

/** The message that a gesture or a forward is about; undefined for what stands alone. */
export function referenceOf(content: AskedContent): Reference | undefined {
  switch (content.type) {
    case 'reaction':
      return { type: content.type, messageId: content.reaction.message_id }
    case 'edit':
      return { type: content.type, messageId: content.edit.message_id }
    case 'revoke':
      return { type: content.type, messageId: content.revoke.message_id }
    case 'pin':
      return { type: content.type, messageId: content.pin.message_id }
    case 'forward':
      return { type: content.type, messageId: content.forward.message_id }
    default:
      return undefined
  }
}

/** When a gesture is made; `graceMs` is what it may come late. */
export type Moment = { readonly at: Date; readonly graceMs?: number }

/** Of all messages with the id, the one in this chat; one of ours first. */
export function targetIn(chat: ChatId, named: readonly Message[]): Message | undefined {
  return named.find(message => message.chat === chat)
}

/** Why a gesture cannot be made at this message, in words that follow the path of its id; undefined when it can. */
export function targetFault(
  { type }: { readonly type: GestureType },
  target: Message | undefined,
  { at, graceMs = 0 }: Moment,
): string | undefined {
  if (target === undefined) return 'is no message of this chat that is still known'
  if (target.status === 'failed' || target.status === 'expired' || target.status === 'cancelled')
    return `is a message that was never sent: it is ${target.status}`
  if (!OUT.has(target.status)) return `is a message that has not been sent yet: it is ${target.status}`
  const ageMs = at.getTime() - sentAt(target).getTime() - graceMs
  switch (type) {
    case 'edit':
      if (target.direction === 'in') return 'is a message of somebody else, and only its author can edit it'
      if (target.content.type !== 'text' && target.content.type !== 'template')
        return `is a message of the type ${target.content.type}, and only words can be edited`
      return ageMs > EDIT_WINDOW_MS ? 'was sent more than 15 minutes ago, too long for an edit' : undefined
    case 'revoke':
      if (target.direction === 'in' && !target.chat.endsWith('@g.us'))
        return 'is a message of somebody else, and only its author can take it back'
      return ageMs > REVOKE_WINDOW_MS
        ? 'was sent more than 60 hours ago, too long to take it back'
        : undefined
    case 'pin':
    case 'reaction':
      return undefined
  }
}

/** When a message left, as far as is known. */
function sentAt({ direction, createdAt, timeline }: Message): Date {
  const sent = direction === 'out' ? timeline.find(({ status }) => status === 'sent') : undefined
  return sent?.at ?? createdAt
}

const EVERYWHERE: ReadonlySet<ChatKind> = new Set(['contact', 'group', 'channel', 'status'])
const IN_CHATS: ReadonlySet<ChatKind> = new Set(['contact', 'group'])
const SHOWN: ReadonlySet<ChatKind> = new Set(['contact', 'group', 'status'])

/** Where a type cannot go, it is refused: WhatsApp drops it without a word. */
const PLACES: Readonly<Partial<Record<OutgoingContent['type'], ReadonlySet<ChatKind>>>> = {
  text: EVERYWHERE,
  template: EVERYWHERE,
  poll: new Set(['contact', 'group', 'channel']),
  image: SHOWN,
  video: SHOWN,
  audio: SHOWN,
  revoke: SHOWN,
  forward: EVERYWHERE,
}

/** True where WhatsApp knows messages of this type. */
export function canGoTo(type: OutgoingContent['type'], kind: ChatKind): boolean {
  return (PLACES[type] ?? IN_CHATS).has(kind)
}
