import type { ChatId } from '../model/chat.ts'
import type { Socket } from './socket/open.ts'
import { jidOf } from './translate.ts'

const FOUND_MS = 24 * 60 * 60 * 1_000
const NOT_FOUND_MS = 5 * 60 * 1_000
const MAX_ENTRIES = 10_000

type Answer = { readonly address: string | 'none'; readonly until: number }

export type Recipients = {
  /** WhatsApp's address of a chat; `none` when the number is not on WhatsApp. Throws when the server does not say. */
  addressOf(chat: ChatId, socket: Socket): Promise<string | 'none'>
  /** A contact that has written is on WhatsApp: no need to ask. */
  wrote(chat: ChatId): void
}

/** Asks WhatsApp about a number before the first message to it: a send to an unknown one would look like a success. */
export function createRecipients(now: () => Date): Recipients {
  const answers = new Map<ChatId, Answer>()

  function remember(chat: ChatId, address: string | 'none'): void {
    const lifeMs = address === 'none' ? NOT_FOUND_MS : FOUND_MS
    answers.delete(chat)
    answers.set(chat, { address, until: now().getTime() + lifeMs })
    const oldest = answers.keys().next()
    if (answers.size > MAX_ENTRIES && !oldest.done) answers.delete(oldest.value)
  }

  return {
    async addressOf(chat, socket) {
      if (!chat.startsWith('+')) return jidOf(chat)
      const known = answers.get(chat)
      if (known !== undefined && known.until > now().getTime()) return known.address
      const found = await socket.find(chat)
      const address = found === 'none' ? found : found.jid
      remember(chat, address)
      return address
    },
    wrote(chat) {
      if (chat.startsWith('+')) remember(chat, jidOf(chat))
    },
  }
}
