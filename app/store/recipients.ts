import type { Access } from './access.ts'
import { getRecipient } from './tables/recipients.ts'

/** What WhatsApp said about a number, and until when that is believed. `address` is absent when it is not on WhatsApp. */
export type KnownRecipient = { readonly until: Date; readonly address?: string }

/** A cache: what is in it spares WhatsApp a question after a restart. */
export type RecipientStore = {
  get(account: string, chat: string): Promise<KnownRecipient | undefined>
  /** Also forgets some that nobody believes any more. */
  put(account: string, chat: string, known: KnownRecipient): Promise<void>
}

export function createRecipientStore({ reader, writer, now }: Access): RecipientStore {
  return {
    get: async (account, chat) => getRecipient(reader, account, chat),
    put: (account, chat, known) => writer.run('recipients.put', { account, chat, known, now: now() }),
  }
}
