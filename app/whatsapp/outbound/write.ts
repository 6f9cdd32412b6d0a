import { type BinaryNode, proto } from '@whiskeysockets/baileys'
import { hasMembers, jidOf } from '../../model/chat.ts'
import type { SentFile } from '../../model/media.ts'
import { carrierIn, isFile, type Message, type OutgoingContent } from '../../model/message.ts'
import { referenceOf, targetIn } from '../../model/target.ts'
import { type Body, bodyOf } from './bodies.ts'
import { fileBodyOf, onceOnly } from './file-body.ts'
import type { Place } from './place.ts'

/** What is to be written: the same at each attempt, and when a device asks for it once more. */
export type Said = Pick<Message, 'chat' | 'createdAt' | 'secret' | 'audience'> & {
  readonly content: OutgoingContent
}

/** A message in WhatsApp's form, with what its stanza has to say. */
export type Written = {
  readonly message: proto.IMessage
  readonly attributes?: Readonly<Record<string, string>>
  readonly nodes?: BinaryNode[]
  /** The JIDs of those who are shown a status. */
  readonly audience?: readonly string[]
}

/** What writing has to know beside the message. */
export type Around = {
  readonly place: Place
  /** The chat's timer, where the place does not say. */
  readonly ephemeralSeconds: number
  /** Where WhatsApp has the file that the message carries. */
  readonly file?: SentFile
  /** All messages with an id of WhatsApp's. */
  named(messageId: string): Promise<readonly Message[]>
}

const { REVOKE, MESSAGE_EDIT } = proto.Message.ProtocolMessage.Type
const { PIN_FOR_ALL, UNPIN_FOR_ALL } = proto.Message.PinInChatMessage.Type
/** As long as WhatsApp's apps pin by themselves. */
const PINNED_SECONDS = 7 * 24 * 60 * 60

/** What is said in the stanza of a message that changes another, and who changes it. */
const EDITS = { edit: '1', pin: '2', revoke: '7', revokedByAdmin: '8' } as const

export async function write(said: Said, around: Around): Promise<Written> {
  const audience = said.audience?.map(jidOf)
  const shown = audience === undefined ? {} : { audience }
  const reference = referenceOf(said.content)
  if (reference === undefined || reference.type === 'forward')
    return { ...(await plain(said, around)), ...shown }
  const target = targetIn(said.chat, await around.named(reference.messageId))
  const key = await keyOf(reference.messageId, target, around.place)
  return { ...gesture(said, key), ...shown }
}

async function plain(said: Said, around: Around): Promise<Written> {
  const { content, secret } = said
  const carrier = carrierIn(content)
  const body = carrier === undefined ? bodyOf(content) : around.file && fileBodyOf(carrier, around.file)
  if (body === undefined) throw new Error(`a message of the type ${content.type} cannot be written`)
  const contextInfo = await contextOf(said, around)
  const member = Object.keys(contextInfo).length === 0 ? body.member : { ...Object(body.member), contextInfo }
  const message: proto.IMessage = { [nameIn(body, around.place)]: member }
  if (isFile(content) && content.view_once) return { message: onceOnly(message) }
  if (content.type !== 'poll') return { message }
  const messageSecret = secret === undefined ? null : Buffer.from(secret, 'base64')
  return {
    message: { ...message, messageContextInfo: { messageSecret } },
    nodes: [{ tag: 'meta', attrs: { polltype: 'creation' } }],
  }
}

function nameIn({ name }: NonNullable<Body>, { isAnnouncements }: Place): string {
  return isAnnouncements && name.startsWith('pollCreation') ? 'pollCreationMessageV2' : name
}

function gesture({ content, createdAt }: Said, key: proto.IMessageKey): Written {
  const senderTimestampMs = createdAt.getTime()
  switch (content.type) {
    case 'reaction':
      return { message: { reactionMessage: { key, text: content.reaction.emoji, senderTimestampMs } } }
    case 'edit': {
      const editedMessage = { extendedTextMessage: { text: content.edit.body } }
      const change = { key, type: MESSAGE_EDIT, editedMessage, timestampMs: senderTimestampMs }
      return { message: { protocolMessage: change }, attributes: { edit: EDITS.edit } }
    }
    case 'revoke':
      return {
        message: { protocolMessage: { key, type: REVOKE } },
        attributes: { edit: key.fromMe ? EDITS.revoke : EDITS.revokedByAdmin },
      }
    case 'pin': {
      const { pinned, seconds = PINNED_SECONDS } = content.pin
      const type = pinned ? PIN_FOR_ALL : UNPIN_FOR_ALL
      return {
        message: {
          pinInChatMessage: { key, type, senderTimestampMs },
          messageContextInfo: { messageAddOnDurationInSecs: pinned ? seconds : 0 },
        },
        attributes: { edit: EDITS.pin },
      }
    }
    default:
      throw new Error(`a message of the type ${content.type} is about no other`)
  }
}

/** A message as its chat refers to it. One that is no longer known was ours: nothing else is changed by us alone. */
async function keyOf(id: string, target: Message | undefined, place: Place): Promise<proto.IMessageKey> {
  const fromMe = target?.direction !== 'in'
  const author = !fromMe && target?.from !== undefined && hasMembers(target.chat) ? target.from : undefined
  const participant = author === undefined ? {} : { participant: await place.jidOf(author) }
  return { remoteJid: place.address, fromMe, id, ...participant }
}

async function contextOf(
  said: Said,
  { place, ephemeralSeconds, named }: Around,
): Promise<proto.IContextInfo> {
  const { content, chat } = said
  const { context, mentions } = content
  const score = content.type === 'forward' ? (content.forward.message.forwarding_score ?? 0) : 0
  const expiration = place.ephemeralSeconds ?? ephemeralSeconds
  return {
    ...(context === undefined
      ? {}
      : await quoteOf(context.message_id, targetIn(chat, await named(context.message_id)), place)),
    ...(mentions === undefined
      ? {}
      : { mentionedJid: await Promise.all(mentions.map(person => place.jidOf(person))) }),
    ...(score === 0 ? {} : { isForwarded: true, forwardingScore: score }),
    ...(expiration === 0 ? {} : { expiration }),
  }
}

/** The words of a quoted message go along only within their own chat: nobody else may read them. */
async function quoteOf(
  stanzaId: string,
  quoted: Message | undefined,
  place: Place,
): Promise<proto.IContextInfo> {
  if (quoted === undefined) return { stanzaId }
  const author = quoted.from === undefined ? {} : { participant: await place.jidOf(quoted.from) }
  const body = bodyOf(quoted.content)
  const quotedMessage = body === undefined ? { conversation: '' } : { [body.name]: body.member }
  return { stanzaId, ...author, quotedMessage }
}
