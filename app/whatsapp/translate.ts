import {
  type AnyMessageContent,
  type BinaryNode,
  getBinaryNodeChildren,
  getContentType,
  jidDecode,
  normalizeMessageContent,
  proto,
  toNumber,
  type WAMessage,
} from '@whiskeysockets/baileys'
import type { ChatId } from '../model/chat.ts'
import type { Message, MessageContent, MessageContext, OutgoingContent } from '../model/message.ts'

/** An incoming message as its stanza said it, before it has an id of ours. */
export type Incoming = {
  readonly messageId: string
  readonly chat: ChatId
  readonly from: string
  readonly sentAt: Date
  readonly content: MessageContent
}

/** What a contact's phone reports about messages of ours. */
export type Receipt = {
  readonly messageIds: readonly string[]
  readonly status: 'delivered' | 'read' | 'played'
}

/** Finds the phone JID behind a LID, when WhatsApp has told it. */
export type LidLookup = (lid: string) => Promise<string | null>

/** A message to send: where to and what. */
export type Outgoing = { readonly chat: ChatId; readonly content: OutgoingContent }

type ProtocolKind = proto.Message.ProtocolMessage.Type | null | undefined

const RECEIPTS: Readonly<Record<string, Receipt['status']>> = {
  delivered: 'delivered',
  inactive: 'delivered', // the device has it, nobody is looking
  read: 'read',
  played: 'played',
}

/** E.164 of a phone JID (`15551234567:3@s.whatsapp.net` → `+15551234567`); undefined for any other address. */
export function phoneOf(jid: string | null | undefined): string | undefined {
  const decoded = jidDecode(jid ?? undefined)
  return decoded?.server === 's.whatsapp.net' || decoded?.server === 'c.us' ? `+${decoded.user}` : undefined
}

/** WhatsApp's address of a chat of ours. */
export function jidOf(chat: ChatId): string {
  return chat.startsWith('+') ? `${chat.slice(1)}@s.whatsapp.net` : chat
}

/** Our name of the chat that a JID stands for; undefined for what is no chat of ours (status, broadcast lists). */
export async function chatOf(jid: string | null | undefined, lookup: LidLookup): Promise<ChatId | undefined> {
  return jid?.endsWith('@g.us') ? jid : await personOf(jid, undefined, lookup)
}

/** Reads a message stanza. Undefined for what is no message to anybody: our own, status, protocol chatter, undecryptable ones. */
export async function incomingOf(message: WAMessage, lookup: LidLookup): Promise<Incoming | undefined> {
  const { key } = message
  const content = message.messageStubType ? undefined : contentOf(message.message)
  if (key.fromMe || !key.id || !key.remoteJid || content === undefined) return undefined
  const group = key.remoteJid.endsWith('@g.us')
  const from = group
    ? await personOf(key.participant, key.participantAlt, lookup)
    : await personOf(key.remoteJid, key.remoteJidAlt, lookup)
  if (from === undefined) return undefined
  return {
    messageId: key.id,
    chat: group ? key.remoteJid : from,
    from,
    sentAt: new Date(toNumber(message.messageTimestamp) * 1_000),
    content,
  }
}

/** Reads a receipt stanza. Undefined for the kinds that say nothing about a contact (retry, peer, our own devices). */
export function receiptOf(stanza: BinaryNode): Receipt | undefined {
  const status = RECEIPTS[stanza.attrs.type ?? 'delivered']
  // With a recipient it is another device of ours that has read what others wrote.
  if (status === undefined || stanza.attrs.recipient || !stanza.attrs.id) return undefined
  const [list] = Array.isArray(stanza.content) ? stanza.content : []
  const more = getBinaryNodeChildren(list, 'item').flatMap(item => item.attrs.id ?? [])
  return { messageIds: [stanza.attrs.id, ...more], status }
}

/**
 * What Baileys is asked to send. `linkPreview: null` keeps it from fetching what the text links to. The words of a quoted
 * message go along only within their own chat: nobody else may read them.
 */
export function outgoingOf(order: Outgoing, quoted: Message | undefined): AnyMessageContent {
  const { context, text } = order.content
  const ofThisChat = quoted?.chat === order.chat ? quoted : undefined
  return {
    text: text.body,
    linkPreview: null,
    ...(context === undefined ? {} : { contextInfo: quoteOf(context, ofThisChat) }),
  }
}

/** A stored message of ours in WhatsApp's form, for a device that asks for it again; undefined when that is in another chat. */
export function storedMessageOf(
  message: Message | undefined,
  chat: ChatId | undefined,
): proto.IMessage | undefined {
  if (message?.direction !== 'out' || message.content.type !== 'text' || message.chat !== chat)
    return undefined
  const { context, text } = message.content
  const quote = context === undefined ? {} : { contextInfo: { stanzaId: context.message_id } }
  return { extendedTextMessage: { text: text.body, ...quote } }
}

/** How a connection ended, in the numbers of WhatsApp; no number when nobody said why. */
export function closeCodeOf(error: Error | undefined): number | undefined {
  const output: unknown = error !== undefined && 'output' in error ? error.output : undefined
  if (typeof output !== 'object' || output === null || !('statusCode' in output)) return undefined
  return typeof output.statusCode === 'number' ? output.statusCode : undefined
}

async function personOf(
  jid: string | null | undefined,
  alternative: string | null | undefined,
  lookup: LidLookup,
): Promise<string | undefined> {
  const known = phoneOf(jid) ?? phoneOf(alternative)
  const decoded = jidDecode(jid ?? undefined)
  if (known !== undefined || decoded?.server !== 'lid') return known
  const lid = `${decoded.user}@lid`
  return phoneOf(await lookup(lid)) ?? lid
}

function contentOf(wrapped: proto.IMessage | null | undefined): MessageContent | undefined {
  const message = normalizeMessageContent(wrapped)
  const kind = getContentType(message)
  if (!message || kind === undefined || kind === 'senderKeyDistributionMessage') return undefined
  if (kind === 'protocolMessage') return protocolContentOf(message.protocolMessage?.type)
  const context = contextOf(message, kind)
  const body = message.conversation || message.extendedTextMessage?.text
  if (body) return { type: 'text', text: { body }, ...context }
  return unsupported(kind.replace(/Message(V\d+)?$/, ''), context)
}

function protocolContentOf(type: ProtocolKind): MessageContent | undefined {
  const { REVOKE, MESSAGE_EDIT } = proto.Message.ProtocolMessage.Type
  if (type === REVOKE) return unsupported('revoke')
  return type === MESSAGE_EDIT ? unsupported('edit') : undefined
}

function unsupported(kind: string, context: { context?: MessageContext } = {}): MessageContent {
  return { type: 'unsupported', unsupported: { kind }, ...context }
}

function contextOf(message: proto.IMessage, kind: keyof proto.IMessage): { context?: MessageContext } {
  const part: unknown = message[kind]
  if (typeof part !== 'object' || part === null || !('contextInfo' in part)) return {}
  const stanzaId = (part.contextInfo as proto.IContextInfo | null)?.stanzaId
  return stanzaId ? { context: { message_id: stanzaId } } : {}
}

function quoteOf(context: MessageContext, quoted: Message | undefined): proto.IContextInfo {
  const stanzaId = context.message_id
  if (quoted === undefined) return { stanzaId }
  const text = quoted.content.type === 'text' ? quoted.content.text.body : ''
  const author = quoted.from === undefined ? {} : { participant: jidOf(quoted.from) }
  return { stanzaId, ...author, quotedMessage: { conversation: text } }
}
