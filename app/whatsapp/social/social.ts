import type { WASocket } from '@whiskeysockets/baileys'
import type { LidLookup } from '../translate.ts'
import { type Channels, createChannels } from './channels.ts'
import { type Chats, createChats } from './chats.ts'
import { type Contacts, createContacts } from './contacts.ts'
import { createGroups, type Groups } from './groups.ts'
import { createProfile, type Profile } from './profile.ts'

/**
 * What one connection can be asked besides carrying messages. Every part speaks our words, answers once the server has, and
 * throws what the library does when the server refuses; `refusalOf` (asked.ts) says what that comes to.
 */
export type Social = {
  readonly groups: Groups
  readonly contacts: Contacts
  readonly chats: Chats
  readonly channels: Channels
  readonly profile: Profile
}

export type SocialDeps = { readonly sock: WASocket; readonly lookup: LidLookup }

export function createSocial(deps: SocialDeps): Social {
  return {
    groups: createGroups(deps),
    contacts: createContacts(deps),
    chats: createChats(deps),
    channels: createChannels(deps),
    profile: createProfile(deps),
  }
}
