import type { DecisionRecord } from '../model/decision.ts'
import type { PosternEvent } from '../model/event.ts'
import type { MediaItem } from '../model/media.ts'
import type { Message } from '../model/message.ts'
import type { Access } from './access.ts'
import type { Effects } from './effects.ts'
import { find } from './tables/privacy-find.ts'

/** Where data of contacts lies, in the order in which it is walked through. The journal is what came from WhatsApp, for a week. */
export const STORED_IN = ['messages', 'events', 'decisions', 'media', 'journal'] as const
export type StoredIn = (typeof STORED_IN)[number]

/** A stretch of a walk: of what, and behind which row. Empty: from the first on. */
export type Stretch = { readonly what: StoredIn; readonly after: string }

/** Something that is stored about a contact: what was said to or by it, what was told and decided of that, and files. */
export type Finding =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'event'; readonly event: PosternEvent }
  | { readonly kind: 'decision'; readonly decision: DecisionRecord }
  | { readonly kind: 'file'; readonly item: MediaItem }

/** What one stretch has come to; `next` is null behind the last row. What is damaged is left out: nobody can read it. */
export type Found = { readonly findings: readonly Finding[]; readonly next: string | null }
export type Erased = {
  /** How much is gone: with messages, files of theirs as well. */
  readonly counts: Readonly<Partial<Record<StoredIn, number>>>
  /** Rows that are damaged, whoever's they were: they stay. */
  readonly unreadable: number
  /** Messages to the contact, or that name it, which are still to leave: they stay as they are. */
  readonly waiting: number
  /** Files that nothing needs any more, to be removed from the disk. */
  readonly files: readonly string[]
  readonly next: string | null
}

/** All that is stored about one contact, found and erased. Each stretch is short, so that nobody else waits long. */
export type PrivacyStore = {
  find(contact: string, stretch: Stretch): Promise<Found>
  /**
   * Leaves of messages that they were, and of events; the rest is removed. What a contact said is gone in groups as well, and
   * its name wherever it stands.
   */
  erase(contact: string, stretch: Stretch): Promise<Erased>
  /**
   * Ends an erasure: consents, the contact's name and its link to a LID go. An opt-out stays, as a keyed hash: who wanted no
   * more messages shall get none. Resolves when the database's log holds nothing of all that any more;
   * rejects with `store.busy` while somebody reads there, and is asked again then.
   */
  forget(contact: string, effects: Effects): Promise<void>
}

export function createPrivacyStore({ reader, writer }: Access): PrivacyStore {
  return {
    find: async (contact, stretch) => reader.db.snapshot(() => find(reader, contact, stretch)),
    erase: (contact, stretch) => writer.run('privacy.erase', { contact, stretch }),
    forget: (contact, effects) => writer.run('privacy.forget', { contact, effects }),
  }
}
