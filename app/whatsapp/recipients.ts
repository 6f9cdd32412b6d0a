import type { Log } from '../lib/log.ts'
import { type ChatId, jidOf } from '../model/chat.ts'
import type { Standing } from '../model/consent.ts'
import type { KnownRecipient } from '../store/recipients.ts'
import type { Store } from '../store/store.ts'
import { wordsOf } from './socket/library-log.ts'
import type { Socket } from './socket/open.ts'

const FOUND_MS = 24 * 60 * 60 * 1_000
const NOT_FOUND_MS = 5 * 60 * 1_000
const MAX_ENTRIES = 10_000

export type RecipientsDeps = {
  readonly account: string
  readonly store: Store
  readonly log: Log
  readonly now: () => Date
}

export type Recipients = {
  /**
   * WhatsApp's address of a chat; `none` when the number is not on WhatsApp, `opted-out` when the question has just shown
   * that it belongs to somebody who opted out under a LID. Throws when the server does not say.
   */
  addressOf(chat: ChatId, socket: Pick<Socket, 'find'>): Promise<string | 'none' | 'opted-out'>
  /** A contact that has written is on WhatsApp: no need to ask. */
  wrote(chat: ChatId): void
}

/**
 * Asks WhatsApp about a number before the first message to it: a send to an unknown one would look like a success. The
 * answers outlast a restart.
 */
export function createRecipients({ account, store, log, now }: RecipientsDeps): Recipients {
  const answers = new Map<ChatId, KnownRecipient>()

  /** Nobody waits for the disk: what gets lost is asked again. */
  function remember(chat: ChatId, address: string | undefined): void {
    const until = new Date(now().getTime() + (address === undefined ? NOT_FOUND_MS : FOUND_MS))
    const known: KnownRecipient = address === undefined ? { until } : { until, address }
    keep(chat, known)
    store.recipients.put(account, chat, known).catch(error => {
      log.warn('whatsapp.recipient_not_stored', { account, reason: wordsOf(error) })
    })
  }

  /** The store spares the question, this spares the store. */
  function keep(chat: ChatId, known: KnownRecipient): void {
    answers.delete(chat)
    answers.set(chat, known)
    const oldest = answers.keys().next()
    if (answers.size > MAX_ENTRIES && !oldest.done) answers.delete(oldest.value)
  }

  async function recall(chat: ChatId): Promise<KnownRecipient | undefined> {
    const kept = answers.get(chat)
    const known = kept ?? (await store.recipients.get(account, chat))
    if (known === undefined || known.until <= now()) return undefined
    if (kept === undefined) keep(chat, known)
    return known
  }

  /** Links the two names of the person that has answered to a number; true when that has brought an opt-out to light. */
  async function isUnwanted(chat: ChatId, lid: ChatId, before: Standing): Promise<boolean> {
    await store.contacts.link({ lid, number: chat })
    const { optedOutAt } = await store.contacts.standing(chat)
    return before.optedOutAt === undefined && optedOutAt !== undefined
  }

  return {
    async addressOf(chat, socket) {
      if (!chat.startsWith('+')) return jidOf(chat)
      const known = await recall(chat)
      if (known !== undefined) return known.address ?? 'none'
      const before = await store.contacts.standing(chat) // now: the library stores the link by itself, as soon as it has it
      const found = await socket.find(chat)
      const address = found === 'none' ? undefined : found.jid
      remember(chat, address)
      if (found !== 'none' && found.lid !== undefined && (await isUnwanted(chat, found.lid, before)))
        return 'opted-out'
      return address ?? 'none'
    },
    wrote(chat) {
      if (!chat.startsWith('+')) return
      const known = answers.get(chat)
      const goodFor = known?.address === undefined ? 0 : known.until.getTime() - now().getTime()
      if (goodFor < FOUND_MS / 2) remember(chat, jidOf(chat))
    },
  }
}
