import { proto } from '@whiskeysockets/baileys'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { parseAddress } from '../../wire/address.ts'
import { userAt } from '../receiving/incoming.ts'
import { COLLECTIONS } from './held.ts'

/** How a user has set up a chat. */
export type ChatSettings = {
  readonly archived: boolean
  /** Milliseconds since 1970, -1 for ever. */
  readonly mutedUntil?: number | undefined
  /** Since when, in milliseconds since 1970. */
  readonly pinnedAt?: number | undefined
  readonly isMarkedUnread: boolean
}

/** Somebody in a user's address book. */
export type Contact = { readonly fullName: string; readonly firstName: string }

/** What the app state of an account comes to. Chats go by number without `+`, or by a group's id. */
export type StateView = {
  readonly chats: ReadonlyMap<string, ChatSettings>
  /** By number without `+`. */
  readonly contacts: ReadonlyMap<string, Contact>
  /** Ids of messages. */
  readonly starred: ReadonlySet<string>
}

export const PLAIN_CHAT: ChatSettings = { archived: false, isMarkedUnread: false }

/** Reads what an account's phone and companions have set. */
export function viewState(world: World, { number }: User): StateView {
  const chats = new Map<string, ChatSettings>()
  const contacts = new Map<string, Contact>()
  const starred = new Set<string>()
  for (const name of COLLECTIONS) {
    for (const record of world.collections.records(number, name)) {
      const [kind = '', jid = '', id = ''] = JSON.parse(record.index) as string[]
      const action = proto.SyncActionValue.decode(record.action)
      const chat = chatAt(world, jid)
      const change = chatChange(kind, action)
      if (change !== undefined) chats.set(chat, { ...PLAIN_CHAT, ...chats.get(chat), ...change })
      const { fullName, firstName } = action.contactAction ?? {}
      if (kind === 'contact' && fullName) contacts.set(chat, { fullName, firstName: firstName ?? '' })
      if (kind === 'star' && action.starAction?.starred) starred.add(id)
    }
  }
  return { chats, contacts, starred }
}

/** What the admin API and the store call the chat of a JID. */
function chatAt(world: World, jid: string): string {
  const address = parseAddress(jid)
  return userAt(world, address)?.number ?? address?.user ?? jid
}

function chatChange(kind: string, action: proto.ISyncActionValue): Partial<ChatSettings> | undefined {
  switch (kind) {
    case 'archive':
      return { archived: action.archiveChatAction?.archived === true }
    case 'mute': {
      const { muted, muteEndTimestamp } = action.muteAction ?? {}
      return { mutedUntil: muted ? Number(muteEndTimestamp ?? -1) : undefined }
    }
    case 'pin_v1':
      return { pinnedAt: action.pinAction?.pinned ? Number(action.timestamp ?? 0) : undefined }
    case 'markChatAsRead':
      return { isMarkedUnread: action.markChatAsReadAction?.read === false }
    default:
      return undefined
  }
}
