import { type Phone, type PhoneRule, parsePhone } from './phone.ts'

/**
 * Our name of a chat, the same in the API, events and the store: `+15551234567` for a contact, `…@lid` for a contact
 * whose number WhatsApp has not told us, `…@g.us` for a group, `…@newsletter` for a channel, `status@broadcast` for
 * the statuses of everybody.
 */
export type ChatId = string

export type ChatKind = 'contact' | 'group' | 'channel' | 'status'

/** Somebody or something a message can be sent to. */
export type Recipient =
  | { readonly kind: 'contact'; readonly chat: ChatId; readonly phone?: Phone }
  | { readonly kind: Exclude<ChatKind, 'contact'>; readonly chat: ChatId }

export const STATUS: ChatId = 'status@broadcast'

const GROUP = /^\d{5,31}(-\d{5,20})?@g\.us$/
const CHANNEL = /^\d{5,31}@newsletter$/
const LID = /^\d{5,20}@lid$/
const USER = /^(\d{5,20})@(s\.whatsapp\.net|c\.us)$/

/** Reads what a caller gave as `to` or `{chat}`: a number with or without `+`, or a JID. Undefined when it is neither. */
export function parseRecipient(text: string, rule: PhoneRule): Recipient | undefined {
  if (GROUP.test(text)) return { kind: 'group', chat: text }
  if (CHANNEL.test(text)) return { kind: 'channel', chat: text }
  if (text === STATUS || text === 'status') return { kind: 'status', chat: STATUS }
  if (LID.test(text)) return { kind: 'contact', chat: text }
  const user = USER.exec(text)?.[1]
  const phone = parsePhone(user === undefined ? text : `+${user}`, rule) // a JID is always whole
  return phone === undefined ? undefined : { kind: 'contact', chat: phone, phone }
}

/** What kind of chat it is, as its name shows. */
export function kindOfChat(chat: ChatId): ChatKind {
  if (chat.endsWith('@g.us')) return 'group'
  if (chat.endsWith('@newsletter')) return 'channel'
  return chat === STATUS ? 'status' : 'contact'
}

/** How Cloud API writes a contact or a chat: a number without its `+`. */
export function waIdOf(chat: ChatId): string {
  return chat.startsWith('+') ? chat.slice(1) : chat
}

/** WhatsApp's address of a chat of ours. */
export function jidOf(chat: ChatId): string {
  return chat.startsWith('+') ? `${chat.slice(1)}@s.whatsapp.net` : chat
}

/** True where several people write and read. */
export function hasMembers(chat: ChatId): boolean {
  const kind = kindOfChat(chat)
  return kind === 'group' || kind === 'status'
}
