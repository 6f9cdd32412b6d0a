import { type GroupMetadata, jidDecode } from '@whiskeysockets/baileys'
import { type ChatId, jidOf, kindOfChat } from '../../model/chat.ts'

/** A chat as what is written in it has to speak of it. */
export type Place = {
  /** WhatsApp's address of it. */
  readonly address: string
  /** The JID by which it calls a person: a group that hides numbers knows its members by LID. */
  jidOf(person: string): Promise<string>
  /** Its timer for messages, where it says so itself. */
  readonly ephemeralSeconds?: number
  /** The group in which a community's admins speak to everybody. */
  readonly isAnnouncements?: boolean
}

/** What of a connection tells about chats. */
export type Directory = {
  readonly metadata: (jid: string) => Promise<GroupMetadata>
  readonly lidOf: (jid: string) => Promise<string | null>
}

/**
 * Looks at chats for those who write. The library asks for a group's members again when it encrypts: it gets what was
 * found a moment before, once.
 */
export class Places {
  readonly #directory: Directory
  readonly #looked = new Map<string, GroupMetadata>()

  constructor(directory: Directory) {
    this.#directory = directory
  }

  /** Throws what the server refuses, as the library does. */
  async look(chat: ChatId, address: string): Promise<Place> {
    if (kindOfChat(chat) !== 'group') return { address, jidOf: async person => jidOf(person) }
    const group = await this.#directory.metadata(address)
    this.#looked.set(address, group)
    const byLid = group.addressingMode === 'lid'
    return {
      address,
      jidOf: async person => (byLid ? await this.#lidOf(jidOf(person)) : jidOf(person)),
      ephemeralSeconds: group.ephemeralDuration ?? 0,
      isAnnouncements: group.isCommunityAnnounce === true,
    }
  }

  /** What was found out about a group just now. */
  readonly take = async (jid: string): Promise<GroupMetadata | undefined> => {
    const found = this.#looked.get(jid)
    this.#looked.delete(jid)
    return found
  }

  async #lidOf(jid: string): Promise<string> {
    const decoded = jid.endsWith('@lid')
      ? undefined
      : jidDecode((await this.#directory.lidOf(jid)) ?? undefined)
    return decoded === undefined ? jid : `${decoded.user}@lid`
  }
}
