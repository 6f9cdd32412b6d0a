import {
  type BinaryNode,
  cleanMessage,
  decodeMessageNode,
  normalizeMessageContent,
  proto,
  unpadRandomMax16,
  type WAMessage,
} from '@whiskeysockets/baileys'
import { newId } from '../../lib/ids.ts'
import { kindOfChat } from '../../model/chat.ts'
import { type Message, UNREADABLE } from '../../model/message.ts'
import { messageEvent } from '../../model/message-event.ts'
import type { InboundChange } from '../../store/journal.ts'
import { isForLibrary, resentMessages } from './device.ts'
import { type Envelope, envelopeOf } from './envelope.ts'
import { readEdit, readReaction, readRevocation } from './gestures.ts'
import { NOTHING, type Reader, type Reading } from './reading.ts'
import { type Said, saidIn } from './said.ts'
import { readVote } from './vote.ts'

/** What an encrypted stanza said, in the library's form; undefined when it is no message of WhatsApp's. */
export function messageOf(
  node: BinaryNode,
  plaintext: Uint8Array,
  { me }: Pick<Reader, 'me'>,
): WAMessage | undefined {
  const { fullMessage } = decodeMessageNode(node, me.id, me.lid ?? '')
  const outer = decoded(plaintext)
  if (outer === undefined) return undefined
  const copy = outer.deviceSentMessage?.message
  // The secret of a poll written on the phone stands beside the copy that the phone made for us.
  if (copy && !copy.messageContextInfo && outer.messageContextInfo)
    copy.messageContextInfo = outer.messageContextInfo
  fullMessage.message = copy ?? outer
  nameSomething(fullMessage.message)
  cleanMessage(fullMessage, me.id, me.lid ?? '')
  return fullMessage
}

function decoded(plaintext: Uint8Array): proto.Message | undefined {
  try {
    return proto.Message.decode(unpadRandomMax16(plaintext))
  } catch {
    return undefined // their phone may say anything
  }
}

/** The library takes it for granted that a gesture names what it is about. */
function nameSomething(message: proto.IMessage): void {
  const { reactionMessage, pollUpdateMessage } = normalizeMessageContent(message) ?? {}
  if (reactionMessage) reactionMessage.key ??= {}
  if (pollUpdateMessage) pollUpdateMessage.pollCreationMessageKey ??= {}
}

/** Reads a message: something said, or a gesture at what was said before. Nothing for keys and chatter between devices. */
export async function readMessage(message: WAMessage, reader: Reader, node?: BinaryNode): Promise<Reading> {
  if (isForLibrary(message)) return { ...NOTHING, forLibrary: message }
  const resent = resentMessages(message)
  if (resent.length > 0) return await readResent(resent, reader)
  const envelope = await envelopeOf(message, reader, node)
  if (envelope === undefined) return NOTHING
  const changes = await changesOf(message, envelope, reader)
  if (changes.length === 0) return NOTHING
  const { chat, from, messageId, direction } = envelope
  const subject = JSON.stringify(['message', chat, from, messageId])
  // Nobody is told that a status or a post of a channel was seen: nobody has looked.
  const isPersonal = kindOfChat(chat) === 'contact' || kindOfChat(chat) === 'group'
  const name = message.pushName ? { name: message.pushName } : {}
  const incoming = direction === 'in' && isPersonal ? { incoming: { from, key: message.key, ...name } } : {}
  return { changes, subject, kept: true, ...incoming }
}

/**
 * A message that no key of ours opens, that makes no sense, or that was kept from us. Its sender, or the phone, has been
 * asked for it, and may send it again.
 */
export async function readUnreadable(node: BinaryNode, reader: Reader): Promise<Reading> {
  const { fullMessage } = decodeMessageNode(node, reader.me.id, reader.me.lid ?? '')
  const envelope = await envelopeOf(fullMessage, reader, node)
  if (envelope === undefined) return NOTHING
  return {
    changes: [saidChange({ content: UNREADABLE }, envelope, reader)],
    kept: true,
    placeholder: true,
  }
}

async function changesOf(
  message: WAMessage,
  envelope: Envelope,
  reader: Reader,
): Promise<readonly InboundChange[]> {
  const content = normalizeMessageContent(message.message)
  const { REVOKE, MESSAGE_EDIT } = proto.Message.ProtocolMessage.Type
  const { protocolMessage, reactionMessage, pollUpdateMessage } = content ?? {}
  if (protocolMessage?.type === REVOKE) return await readRevocation(protocolMessage, envelope, reader)
  if (protocolMessage?.type === MESSAGE_EDIT) return await readEdit(protocolMessage, envelope, reader)
  if (reactionMessage) return readReaction(reactionMessage, envelope, reader)
  if (pollUpdateMessage) return await readVote({ update: pollUpdateMessage, message }, envelope, reader)
  const said = await saidIn(message.message, reader)
  return said === undefined ? [] : [saidChange(said, envelope, reader)]
}

function saidChange(said: Said, envelope: Envelope, { account, at, route, hear }: Reader): InboundChange {
  const { direction, chat, messageId, from, sentAt } = envelope
  const status = direction === 'in' ? 'received' : 'sent'
  const message: Message = {
    id: newId('msg', at),
    ...{ account, direction, chat, messageId, status, from, createdAt: sentAt },
    ...said,
    attemptCount: 0,
    timeline: [{ status, at }],
  }
  const event =
    direction === 'in'
      ? messageEvent('message.received', message)
      : messageEvent('message.sent', message, { origin: 'phone' })
  const standing = hear?.(message)
  return {
    ...{ kind: 'message', message, effects: { events: [route(event)] } },
    ...(standing === undefined ? {} : { standing }),
  }
}

/** What could not be read in its own stanza, and the phone has sent again: each is what it would have been, once. */
async function readResent(messages: readonly WAMessage[], reader: Reader): Promise<Reading> {
  const readings: Reading[] = []
  for (const message of messages) readings.push(await readMessage(message, reader))
  // A gesture has no row that keeps it from counting twice, and is not what phones are asked to send again.
  const changes = readings.flatMap(reading => reading.changes).filter(change => change.kind === 'message')
  return { changes, kept: true }
}
