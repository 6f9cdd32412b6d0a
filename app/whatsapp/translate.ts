import { type AnyMessageContent, jidDecode, type proto } from '@whiskeysockets/baileys'
import type { ChatId } from '../model/chat.ts'
import { type Message, type MessageContext, type OutgoingContent, textOf } from '../model/message.ts'

/** Finds the phone JID behind a LID, when WhatsApp has told it. */
export type LidLookup = (lid: string) => Promise<string | null>

/** A message to send: where to and what. */
export type Outgoing = { readonly chat: ChatId; readonly content: OutgoingContent }

/** E.164 of a phone JID (`15551234567:3@s.whatsapp.net` → `+15551234567`); undefined for any other address. */
export function phoneOf(jid: string | null | undefined): string | undefined {
  const decoded = jidDecode(jid ?? undefined)
  return decoded?.server === 's.whatsapp.net' || decoded?.server === 'c.us' ? `+${decoded.user}` : undefined
}

/** WhatsApp's address of a chat of ours. */
export function jidOf(chat: ChatId): string {
  return chat.startsWith('+') ? `${chat.slice(1)}@s.whatsapp.net` : chat
}

/** Who a JID is to us: a number when WhatsApp has told it, now or before, else a LID; undefined for what is nobody. */
export async function personOf(
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

/** Our name of the chat that a JID stands for; undefined for what is no chat of ours (status, broadcast lists). */
export async function chatOf(jid: string | null | undefined, lookup: LidLookup): Promise<ChatId | undefined> {
  return jid?.endsWith('@g.us') ? jid : await personOf(jid, undefined, lookup)
}

/**
 * What Baileys is asked to send. `linkPreview: null` keeps it from fetching what the text links to. The words of a quoted
 * message go along only within their own chat: nobody else may read them.
 */
export function outgoingOf(order: Outgoing, quoted: Message | undefined): AnyMessageContent {
  const { content } = order
  const { context } = content
  const ofThisChat = quoted?.chat === order.chat ? quoted : undefined
  return {
    text: textOf(content),
    linkPreview: null,
    ...(context === undefined ? {} : { contextInfo: quoteOf(context, ofThisChat) }),
  }
}

/** A stored message of ours in WhatsApp's form, for a device that asks for it again; undefined when that is in another chat. */
export function storedMessageOf(
  message: Message | undefined,
  chat: ChatId | undefined,
): proto.IMessage | undefined {
  if (message?.direction !== 'out' || message.chat !== chat) return undefined
  const text = textOf(message.content)
  if (text === undefined) return undefined
  const { context } = message.content
  const quote = context === undefined ? {} : { contextInfo: { stanzaId: context.message_id } }
  return { extendedTextMessage: { text, ...quote } }
}

/** How a connection ended, in the numbers of WhatsApp; no number when nobody said why. */
export function closeCodeOf(error: Error | undefined): number | undefined {
  const output: unknown = error !== undefined && 'output' in error ? error.output : undefined
  if (typeof output !== 'object' || output === null || !('statusCode' in output)) return undefined
  return typeof output.statusCode === 'number' ? output.statusCode : undefined
}

function quoteOf(context: MessageContext, quoted: Message | undefined): proto.IContextInfo {
  const stanzaId = context.message_id
  if (quoted === undefined) return { stanzaId }
  const text = textOf(quoted.content) ?? ''
  const author = quoted.from === undefined ? {} : { participant: jidOf(quoted.from) }
  return { stanzaId, ...author, quotedMessage: { conversation: text } }
}
