import type { proto } from '@whiskeysockets/baileys'
import { vcardOf } from '../../model/content/contact-card.ts'
import { type MessageContent, textOf } from '../../model/message.ts'

/** The member of a message in which WhatsApp keeps what it says. */
export type Body = {
  readonly [Name in keyof proto.IMessage]?: {
    readonly name: Name
    readonly member: NonNullable<proto.IMessage[Name]>
  }
}[keyof proto.IMessage]

/** What a message says by itself, in WhatsApp's form; undefined for what is about another message, and for files. */
export function bodyOf(content: MessageContent): Body | undefined {
  switch (content.type) {
    case 'text':
    case 'template':
      return { name: 'extendedTextMessage', member: { text: textOf(content) } }
    case 'location': {
      const { latitude, longitude, name, address } = content.location
      const words = { ...(name === undefined ? {} : { name }), ...(address === undefined ? {} : { address }) }
      return {
        name: 'locationMessage',
        member: { degreesLatitude: latitude, degreesLongitude: longitude, ...words },
      }
    }
    case 'contacts': {
      const cards = content.contacts.map(card => ({
        displayName: card.name.formatted_name,
        vcard: vcardOf(card),
      }))
      const [first] = cards
      return cards.length === 1 && first !== undefined
        ? { name: 'contactMessage', member: first }
        : {
            name: 'contactsArrayMessage',
            member: { displayName: `${cards.length} contacts`, contacts: cards },
          }
    }
    case 'poll': {
      const { name, options, selectable_count: selectableOptionsCount } = content.poll
      const poll = { name, selectableOptionsCount, options: options.map(optionName => ({ optionName })) }
      return selectableOptionsCount === 1
        ? { name: 'pollCreationMessageV3', member: poll }
        : { name: 'pollCreationMessage', member: poll }
    }
    case 'forward':
      return bodyOf(content.forward.message)
    default:
      return undefined
  }
}
