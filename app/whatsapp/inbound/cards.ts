import type { proto } from '@whiskeysockets/baileys'
import type { ContactCard } from '../../model/content/contact-card.ts'
import type { MessageContent } from '../../model/message.ts'

/** Of a card's text; what is behind it are pictures. */
const LOOKED_AT = 256 * 1024
/** One line. Whoever writes a card may write anything: each part ends at the first character that is not its own. */
const PHONE = /^(?:item\d+\.)?TEL([^:]*):(.+)$/is

/** The contacts that somebody passes on. */
export function contactsOf({
  contactMessage,
  contactsArrayMessage,
}: proto.IMessage): MessageContent | undefined {
  const cards = contactsArrayMessage?.contacts ?? (contactMessage ? [contactMessage] : [])
  return cards.length === 0 ? undefined : { type: 'contacts', contacts: cards.map(cardOf) }
}

function cardOf({ displayName, vcard }: proto.Message.IContactMessage): ContactCard {
  const lines = (vcard ?? '').slice(0, LOOKED_AT).split(/[\r\n]+/)
  const phones = lines.flatMap(phoneIn)
  return {
    name: { formatted_name: displayName ?? '' },
    ...(phones.length === 0 ? {} : { phones }),
    ...(vcard ? { vcard } : {}),
  }
}

function phoneIn(line: string): NonNullable<ContactCard['phones']> {
  const [, about = '', number = ''] = PHONE.exec(line) ?? []
  const phone = number.trim()
  const waId = /waid=(\d+)/i.exec(about)?.[1]
  return phone === '' ? [] : [{ phone, ...(waId === undefined ? {} : { wa_id: waId }) }]
}
