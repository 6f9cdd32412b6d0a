import type { BinaryNode, WAMessage } from '@whiskeysockets/baileys'
import { type ChatId, kindOfChat } from '../../model/chat.ts'
import type { EventDraft, EventType, JsonObject } from '../../model/event.ts'
import { personOf, phoneOf } from '../translate.ts'
import { instantOfSeconds } from './numbers.ts'
import type { Reader } from './reading.ts'

/** A message's outside: which chat it belongs to, who wrote it and when. */
export type Envelope = {
  readonly messageId: string
  readonly chat: ChatId
  readonly from: string
  readonly direction: 'in' | 'out'
  readonly sentAt: Date
}

/** Undefined for what is in no chat of ours: broadcast lists. */
export async function envelopeOf(
  { key, messageTimestamp }: WAMessage,
  reader: Reader,
  node?: BinaryNode,
): Promise<Envelope | undefined> {
  const { me, lookup, at } = reader
  if (!key.id || !key.remoteJid) return undefined
  const sentAt = instantOfSeconds(messageTimestamp) ?? at
  const kind = kindOfChat(key.remoteJid)
  if (kind === 'channel') return inChannel(key.remoteJid, key.id, sentAt)
  const group = kind !== 'contact'
  const other = key.fromMe
    ? await personOf(key.remoteJid, node?.attrs.recipient_pn ?? node?.attrs.peer_recipient_pn, lookup)
    : await personOf(key.remoteJid, key.remoteJidAlt, lookup)
  const author = group ? await personOf(key.participant, key.participantAlt, lookup) : other
  const from = key.fromMe ? phoneOf(me.id) : author
  const chat = group ? key.remoteJid : other
  if (from === undefined || chat === undefined) return undefined
  return {
    messageId: key.id,
    chat,
    from,
    direction: key.fromMe ? 'out' : 'in',
    sentAt,
  }
}

/** What is said in a channel, the channel says. */
function inChannel(chat: ChatId, messageId: string, sentAt: Date): Envelope {
  return { messageId, chat, from: chat, direction: 'in', sentAt }
}

/** What a gesture at another message tells the world. */
export function gestureEvent(
  type: EventType,
  envelope: Envelope,
  { account, about }: { account: string; about: JsonObject },
): EventDraft {
  const { messageId, chat, from, direction, sentAt } = envelope
  const data: JsonObject = {
    message_id: messageId,
    chat,
    from,
    ...(direction === 'out' ? { to: chat } : {}),
    direction,
    ...about,
    timestamp: sentAt.toISOString(),
  }
  return { type, account, chat, data }
}
