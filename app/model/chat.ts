import { type Phone, type PhoneRule, parsePhone } from './phone.ts'

/**
 * Our name of a chat, the same in the API, events and the store: `+15551234567` for a contact, `…@g.us` for a
 * group, `…@lid` for a contact whose number WhatsApp has not told us.
 */
export type ChatId = string

/** Somebody or something a message can be sent to. */
export type Recipient =
  | { readonly kind: 'contact'; readonly chat: ChatId; readonly phone?: Phone }
  | { readonly kind: 'group'; readonly chat: ChatId }

const GROUP = /^\d{5,31}(-\d{5,20})?@g\.us$/
const LID = /^\d{5,20}@lid$/
const USER = /^(\d{5,20})@(s\.whatsapp\.net|c\.us)$/

/** Reads what a caller gave as `to` or `{chat}`: a number with or without `+`, or a JID. Undefined when it is neither. */
export function parseRecipient(text: string, rule: PhoneRule): Recipient | undefined {
  if (GROUP.test(text)) return { kind: 'group', chat: text }
  if (LID.test(text)) return { kind: 'contact', chat: text }
  const user = USER.exec(text)?.[1]
  const phone = parsePhone(user === undefined ? text : `+${user}`, rule) // a JID is always whole
  return phone === undefined ? undefined : { kind: 'contact', chat: phone, phone }
}
