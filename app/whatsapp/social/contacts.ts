import { jidNormalizedUser, type WASocket } from '@whiskeysockets/baileys'
import type { ChatId } from '../../model/chat.ts'
import { jidOf } from '../../model/chat.ts'
import { findAll } from '../socket/find.ts'
import { refusalOf } from './asked.ts'
import { peopleOf } from './people.ts'
import type { SocialDeps } from './social.ts'

/** Whether a number is on WhatsApp, and the LID that belongs to it where the server tells it. */
export type Presence = { readonly phone: ChatId; readonly isThere: boolean; readonly lid?: ChatId }

/** What people show of themselves; what they hide is absent. */
export type Card = { readonly about?: string; readonly pictureUrl?: string; readonly isBlocked: boolean }

export type Contacts = {
  /** In the order of the numbers. */
  check(phones: readonly ChatId[]): Promise<readonly Presence[]>
  card(contact: ChatId): Promise<Card>
  /** All whom the account has blocked. */
  blocked(): Promise<readonly ChatId[]>
  block(contact: ChatId, on: boolean): Promise<void>
  /** Puts somebody into the address book of the phone, or takes them out, where there is no name. */
  name(contact: ChatId, name: string | undefined): Promise<void>
}

/**
 * WhatsApp's name for the list that the address book is in. The library counts what it has removed among what is in force, so that
 * it would make the next change of that contact for a state that WhatsApp does not have: after a removal it takes the list anew.
 */
const ADDRESS_BOOK = 'critical_unblock_low'

/** The server's words for what is hidden or was never there. */
const HIDDEN: ReadonlySet<number> = new Set([401, 403, 404])

export function createContacts({ sock, lookup }: SocialDeps): Contacts {
  const blocked = async () => {
    const jids = await sock.fetchBlocklist()
    return await peopleOf(
      jids.map(jid => ({ jid })),
      lookup,
    )
  }
  return {
    async check(phones) {
      const found = await findAll(sock, phones)
      return phones.map((phone, index) => {
        const one = found[index] ?? 'none'
        if (one === 'none') return { phone, isThere: false }
        return { phone, isThere: true, ...(one.lid === undefined ? {} : { lid: one.lid }) }
      })
    },
    async card(contact) {
      const jid = jidOf(contact)
      const [about, pictureUrl, list] = await Promise.all([
        aboutOf(sock, jid),
        shown(sock.profilePictureUrl(jid, 'image')),
        blocked(),
      ])
      return {
        isBlocked: list.includes(contact),
        ...(about ? { about } : {}),
        ...(pictureUrl ? { pictureUrl } : {}),
      }
    },
    blocked,
    async block(contact, on) {
      await sock.updateBlockStatus(jidOf(contact), on ? 'block' : 'unblock')
    },
    async name(contact, name) {
      const jid = jidOf(contact)
      if (name !== undefined) {
        await sock.addOrEditContact(jid, { fullName: name, firstName: name, saveOnPrimaryAddressbook: true })
        return
      }
      await sock.removeContact(jid)
      await sock.authState.keys.set({ 'app-state-sync-version': { [ADDRESS_BOOK]: null } })
    },
  }
}

/** What somebody says of themselves. */
export async function aboutOf(sock: WASocket, jid: string): Promise<string | undefined> {
  const [answer] = (await sock.fetchStatus(jidNormalizedUser(jid))) ?? []
  const status: unknown = answer?.status
  if (typeof status !== 'object' || status === null || !('status' in status)) return undefined
  return typeof status.status === 'string' ? status.status : undefined
}

/** What the server gives, or undefined for what it keeps to itself. */
export async function shown<T>(question: Promise<T>): Promise<T | undefined> {
  try {
    return await question
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal.kind === 'refused' && HIDDEN.has(refusal.code)) return undefined
    throw error
  }
}
