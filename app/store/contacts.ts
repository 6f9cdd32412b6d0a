import type { ChatId } from '../model/chat.ts'
import type { Consent, Standing } from '../model/consent.ts'
import type { Message } from '../model/message.ts'
import type { Access } from './access.ts'
import type { Effects } from './effects.ts'
import { numberOf } from './tables/contact-links.ts'
import { calledOf } from './tables/contact-names.ts'
import { standingOf } from './tables/contacts.ts'

/** A contact wants no more messages, or wants them again. Nothing of it happens where that is so already. */
export type StandingChange = {
  readonly contact: ChatId
  readonly to: 'opted-out' | 'opted-in'
  readonly at: Date
  readonly effects: Effects
  /** What is sent to the contact in answer. */
  readonly answer?: { readonly message: Message; readonly effects: Effects }
}

export type ConsentGrant = {
  readonly contact: ChatId
  readonly consent: Consent
  readonly at: Date
  readonly effects: Effects
  /** What it ends as well. */
  readonly lift?: StandingChange
}

export type Withdrawal = {
  readonly contact: ChatId
  /** Absent: all of them. */
  readonly purpose?: string
  readonly at: Date
  readonly effects: Effects
}

/** Two names of one person: `…@lid` and the number. */
export type ContactLink = { readonly lid: ChatId; readonly number: ChatId }

/** What somebody calls themselves; nothing of it happens where they did so already. */
export type Naming = { readonly contact: ChatId; readonly name: string; readonly effects: Effects }

/** The ledger of what contacts have said about being written to. Evidence is sealed, and whom a row is about a keyed hash. */
export type ContactStore = {
  standing(contact: ChatId): Promise<Standing>
  /** Replaces an earlier consent to the same purpose. */
  grant(grant: ConsentGrant): Promise<void>
  /** Answers how many consents it ended. A consent that was withdrawn stays in the ledger as such. */
  withdraw(withdrawal: Withdrawal): Promise<number>
  /** WhatsApp has told that a LID and a number are one person: what was said under either holds for both from now on. */
  link(link: ContactLink): Promise<void>
  /** The number behind a LID where it is known; every other chat as it is. */
  nameOf(chat: ChatId): Promise<ChatId>
  /** What the contact calls itself on WhatsApp, as far as it has written. */
  calledOf(contact: ChatId): Promise<string | undefined>
  call(naming: Naming): Promise<void>
}

export function createContactStore({ reader, writer }: Access): ContactStore {
  return {
    standing: async contact => standingOf(reader, contact),
    grant: grant => writer.run('contacts.grant', grant),
    withdraw: withdrawal => writer.run('contacts.withdraw', withdrawal),
    link: link => writer.run('contacts.link', link),
    calledOf: async contact => calledOf(reader, contact),
    call: naming => writer.run('contacts.call', naming),
    nameOf: async chat => (chat.endsWith('@lid') ? (numberOf(reader, chat) ?? chat) : chat),
  }
}
