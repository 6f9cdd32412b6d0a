import type { Log } from '../lib/log.ts'
import type { ChatId } from '../model/chat.ts'
import type { RouteEvent } from '../model/event.ts'
import type { Store } from '../store/store.ts'
import { wordsOf } from './socket/library-log.ts'

export type NamesDeps = {
  readonly account: string
  readonly store: Store
  readonly route: RouteEvent
  readonly log: Log
}

export type Names = {
  /** What the author of a message calls themselves comes along with each. */
  heard(contact: ChatId, name: string): void
}

const MAX_ENTRIES = 10_000

/** Keeps what people call themselves, and tells when it has changed. Nobody waits for it: what gets lost comes with the next message. */
export function createNames({ account, store, route, log }: NamesDeps): Names {
  const known = new Map<ChatId, string>()
  return {
    heard(contact, name) {
      if (known.get(contact) === name) return
      if (known.size >= MAX_ENTRIES) known.clear()
      known.set(contact, name)
      const data = { contact, name, by: 'contact' }
      const event = route({ type: 'contact.updated', account, chat: contact, data })
      store.contacts.call({ contact, name, effects: { events: [event] } }).catch(error => {
        known.delete(contact)
        log.warn('whatsapp.name_not_stored', { account, reason: wordsOf(error) })
      })
    },
  }
}
