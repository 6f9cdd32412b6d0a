import type { proto } from '@whiskeysockets/baileys'
import { knownMessage } from './key.ts'
import { present, type Reader, type Writer } from './kind.ts'
import { readMembers } from './members.ts'

/** What a sender may say around a message, as members of the message object beside the one named by `type`. */
export const AROUND = {
  context: 'any?',
  mentions: 'strings?',
  forwarded: 'boolean?',
  ephemeral_seconds: 'number?',
  view_once: 'boolean?',
} as const

const WRAPPERS = [
  'ephemeralMessage',
  'viewOnceMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
  'documentWithCaptionMessage',
  'editedMessage',
] as const
const VIEW_ONCE: readonly string[] = ['viewOnceMessage', 'viewOnceMessageV2', 'viewOnceMessageV2Extension']
const MAX_DEPTH = 5

export type Unwrapped = { readonly message: proto.IMessage; readonly isViewOnce: boolean }

/** The message inside its wrappers. What stands beside the outermost is kept. */
export function unwrap(message: proto.IMessage, depth = 0): Unwrapped {
  const wrapper = WRAPPERS.find(name => message[name]?.message != null)
  const inner = wrapper === undefined ? undefined : message[wrapper]?.message
  if (wrapper === undefined || inner == null || depth === MAX_DEPTH) return { message, isViewOnce: false }
  const beside = inner.messageContextInfo ?? message.messageContextInfo
  const found = unwrap(beside == null ? inner : { ...inner, messageContextInfo: beside }, depth + 1)
  return { ...found, isViewOnce: found.isViewOnce || VIEW_ONCE.includes(wrapper) }
}

/** Writes around a message what `around` says. Throws a MemberFault about what is wrong with it. */
export function surround(message: proto.IMessage, around: unknown, writer: Writer): proto.IMessage {
  const asked = readMembers(around, AROUND)
  const contextInfo = {
    ...(asked.context === undefined ? {} : quoted(asked.context, writer)),
    ...present({
      mentionedJid: asked.mentions?.map(number => writer.jidOf(number)),
      isForwarded: asked.forwarded,
      forwardingScore: asked.forwarded === true ? 1 : 0,
      expiration: asked.ephemeral_seconds,
    }),
  }
  const worded = Object.keys(contextInfo).length === 0 ? message : withContext(message, contextInfo)
  return asked.view_once === true ? { viewOnceMessageV2: { message: worded } } : worded
}

function quoted(context: unknown, writer: Writer): proto.IContextInfo {
  const { message_id } = readMembers(context, { message_id: 'string' }, 'context')
  const known = knownMessage(writer, message_id)
  const { messageContextInfo: _, ...said } = unwrap(known.message).message
  return { stanzaId: known.id, participant: known.author, quotedMessage: said }
}

/** The member that carries the content takes the context too; a bare text has to become an extended one. */
export function withContext(message: proto.IMessage, contextInfo: proto.IContextInfo): proto.IMessage {
  const { conversation, ...rest } = message
  if (typeof conversation === 'string')
    return { ...rest, extendedTextMessage: { text: conversation, contextInfo } }
  const wrapped = message.documentWithCaptionMessage?.message
  if (wrapped != null) {
    return { ...message, documentWithCaptionMessage: { message: withContext(wrapped, contextInfo) } }
  }
  const name = contentMember(message)
  if (name === undefined) return message
  const member = message[name] as object & { contextInfo?: proto.IContextInfo | null }
  return { ...message, [name]: { ...member, contextInfo: { ...member.contextInfo, ...contextInfo } } }
}

function contentMember(message: proto.IMessage): keyof proto.IMessage | undefined {
  return (Object.keys(message) as (keyof proto.IMessage)[]).find(
    name => name.endsWith('Message') && message[name] != null,
  )
}

/** What stands around a received message, as members of its inbox entry. */
export function readAround(
  contextInfo: proto.IContextInfo | null | undefined,
  isViewOnce: boolean,
  reader: Reader,
): Readonly<Record<string, unknown>> {
  const { stanzaId, participant, mentionedJid, isForwarded, expiration } = contextInfo ?? {}
  const mentions = (mentionedJid ?? []).map(jid => reader.nameOf(jid))
  return present({
    context: stanzaId ? present({ message_id: stanzaId, from: reader.nameOf(participant ?? '') }) : undefined,
    mentions: mentions.length === 0 ? undefined : mentions,
    forwarded: isForwarded,
    ephemeral_seconds: expiration,
    view_once: isViewOnce,
  })
}
