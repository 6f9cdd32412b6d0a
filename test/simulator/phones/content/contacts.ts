import type { proto } from '@whiskeysockets/baileys'
import { type Kinds, present } from './kind.ts'
import { MemberFault, readMembers } from './members.ts'

/** One person's card, or several of them. */
export const contactKinds: Kinds = {
  contacts: {
    read({ contactMessage, contactsArrayMessage }) {
      const one = contactMessage == null ? undefined : [contactMessage]
      const cards = contactsArrayMessage?.contacts ?? one
      if (cards == null) return undefined
      const { contextInfo } = contactsArrayMessage ?? contactMessage ?? {}
      return { content: cards.map(readCard), contextInfo }
    },
    write(member) {
      if (!Array.isArray(member) || member.length === 0) {
        throw new MemberFault('`contacts` must be a list of one or more')
      }
      const cards = member.map((contact, index) => writeCard(contact, `contacts[${index}]`))
      const [first] = cards
      if (cards.length === 1 && first !== undefined) return { contactMessage: first }
      return { contactsArrayMessage: { displayName: `${cards.length} contacts`, contacts: cards } }
    },
  },
}

function writeCard(contact: unknown, path: string): proto.Message.IContactMessage {
  const given = readMembers(contact, { name: 'any', phones: 'any?', vcard: 'string?' }, path)
  const { formatted_name: name } = readMembers(given.name, { formatted_name: 'string' }, `${path}.name`)
  if (given.vcard !== undefined) return { displayName: name, vcard: given.vcard }
  const phones = Array.isArray(given.phones) ? given.phones : []
  const lines = phones.map((phone, index) => {
    const at = `${path}.phones[${index}]`
    const { phone: number, wa_id, type } = readMembers(phone, PHONE, at)
    const waid = wa_id === undefined ? '' : `;waid=${wa_id}`
    return `TEL;type=${type ?? 'CELL'}${waid}:${number}`
  })
  const vcard = ['BEGIN:VCARD', 'VERSION:3.0', `FN:${name}`, ...lines, 'END:VCARD'].join('\n')
  return { displayName: name, vcard }
}

const PHONE = { phone: 'string', wa_id: 'string?', type: 'string?' } as const

function readCard({ displayName, vcard }: proto.Message.IContactMessage): unknown {
  const phones = [...(vcard ?? '').matchAll(/^TEL([^:\r\n]*):([^\r\n]*)/gim)].map(([, parameters, phone]) => {
    const wa_id = /;waid=(\d+)/i.exec(parameters ?? '')?.[1]
    const type = /;type=([^;]+)/i.exec(parameters ?? '')?.[1]
    return present({ phone: phone?.trim(), wa_id, type })
  })
  return { name: { formatted_name: displayName ?? '' }, phones, vcard: vcard ?? '' }
}
