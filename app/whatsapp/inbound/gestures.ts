import type { proto } from '@whiskeysockets/baileys'
import { kindOfChat } from '../../model/chat.ts'
import type { Message, MessageContent } from '../../model/message.ts'
import { messageEvent } from '../../model/message-event.ts'
import type { InboundChange } from '../../store/journal.ts'
import { contentOf } from './content.ts'
import { type Envelope, gestureEvent } from './envelope.ts'
import type { Reader } from './reading.ts'

export function readReaction(
  { key, text }: proto.Message.IReactionMessage,
  envelope: Envelope,
  { account, route }: Reader,
): readonly InboundChange[] {
  if (!key?.id) return []
  const about = { type: 'reaction', reaction: { message_id: key.id, emoji: text ?? '' } }
  return [event(route(gestureEvent('message.reaction', envelope, { account, about })))]
}

/** Only its author may change a message: an edit of somebody else's is no edit. */
export async function readEdit(
  { key, editedMessage }: proto.Message.IProtocolMessage,
  envelope: Envelope,
  { named, route, account, lookup }: Reader,
): Promise<readonly InboundChange[]> {
  const edited = await contentOf(editedMessage, lookup)
  if (!key?.id || edited === undefined) return []
  const known = await named(key.id)
  const message = known.find(each => isIn(each, envelope) && isBy(each, envelope))
  if (message === undefined && known.length > 0) return []
  const content = message === undefined ? edited : completed(edited, message.content)
  const { chat, from, direction, sentAt } = envelope
  const base =
    message ?? unknownMessage({ account, chat, from, direction, messageId: key.id, createdAt: sentAt })
  const draft = messageEvent('message.edited', { ...base, content }, { edited_at: sentAt.toISOString() })
  return [{ kind: 'content', id: message?.id, content, effects: { events: [route(draft)] } }]
}

/** Its author takes a message back; in a group an admin may as well, which WhatsApp has checked. */
export async function readRevocation(
  { key }: proto.Message.IProtocolMessage,
  envelope: Envelope,
  { named, route, account }: Reader,
): Promise<readonly InboundChange[]> {
  if (!key?.id) return []
  const known = await named(key.id)
  const here = known.filter(each => isIn(each, envelope))
  const isGroup = kindOfChat(envelope.chat) === 'group'
  const message = here.find(each => isBy(each, envelope)) ?? (isGroup ? here[0] : undefined)
  if (message === undefined && known.length > 0) return []
  const about = { type: 'revoke', revoke: { message_id: key.id } }
  const gesture = { ...envelope, messageId: key.id, direction: message?.direction ?? envelope.direction }
  return [event(route(gestureEvent('message.revoked', gesture, { account, about })))]
}

function event(told: ReturnType<Reader['route']>): InboundChange {
  return { kind: 'event', effects: { events: [told] } }
}

function isIn(message: Message, envelope: Envelope): boolean {
  return message.chat === envelope.chat
}

function isBy(message: Message, envelope: Envelope): boolean {
  if (message.direction !== envelope.direction) return false
  return message.direction === 'out' || message.from === envelope.from
}

/** An edit says what is new; what the message answers, and the file it belongs to, stay. */
function completed(edited: MessageContent, before: MessageContent): MessageContent {
  const { context } = before
  const kept = { ...edited, ...(context === undefined ? {} : { context }) }
  if (edited.type !== before.type) return kept
  const { type } = edited
  const [was, is] = [member(before, type), member(edited, type)]
  return { ...kept, [type]: Array.isArray(is) ? is : { ...Object(was), ...Object(is) } } as MessageContent
}

function member(content: MessageContent, name: string): unknown {
  return (content as unknown as Record<string, unknown>)[name]
}

function unknownMessage(
  about: Pick<Message, 'account' | 'chat' | 'from' | 'direction' | 'messageId' | 'createdAt'>,
): Message {
  return { ...about, id: '', status: 'received', content: NONE, attemptCount: 0, timeline: [] }
}

const NONE: MessageContent = { type: 'unsupported', unsupported: { kind: 'unknown' } }
