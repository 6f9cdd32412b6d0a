import type { PollVote } from '../model/content/poll.ts'
import type { Message, MessageContent } from '../model/message.ts'
import type { Access } from './access.ts'
import type { StandingChange } from './contacts.ts'
import type { Effects } from './effects.ts'
import type { StatusChange } from './messages.ts'
import { changesAlone, type SignalKeyChange } from './signal-keys.ts'
import { plaintextOf, unfinishedEntries } from './tables/journal.ts'

/** Something that came from WhatsApp, as it came. */
export type Arrival = {
  readonly account: string
  /** The same for the same thing delivered again, and for nothing else. */
  readonly digest: Uint8Array
  readonly at: Date
  readonly stanza: Uint8Array
  /** What its ciphertext said, where it had one. */
  readonly plaintext?: Uint8Array
}

/** An arrival in the journal; `seq` is its place in the order of arrival. */
export type JournalEntry = Arrival & { readonly seq: number }

/** One that is damaged, and why it cannot be read. */
export type UnreadableEntry = { readonly seq: number; readonly unreadable: string }

/** What reading an arrival did to the keys of a connection; `chain` as in signal-keys.ts. */
export type KeyChanges = { readonly chain: string; readonly changes: readonly SignalKeyChange[] }

/** What an entry comes to. Each change is told to the world, through its effects, only when it changes something. */
export type InboundChange = { readonly effects: Effects } & (
  | {
      readonly kind: 'message'
      readonly message: Message
      /** What it says about being written to. */
      readonly standing?: StandingChange
    }
  | { readonly kind: 'status'; readonly change: StatusChange }
  /** `id` is ours, of the poll. */
  | { readonly kind: 'vote'; readonly id: string; readonly vote: PollVote }
  | { readonly kind: 'participant'; readonly receipt: ParticipantReceipt }
  /** `id` is ours, of the message that it changes where that is known. */
  | { readonly kind: 'content'; readonly id: string | undefined; readonly content: MessageContent }
  | { readonly kind: 'event' }
)

/** What one participant's phone reports about a message of ours in a group. */
export type ParticipantReceipt = {
  readonly messageId: string
  readonly participant: string
  readonly status: 'delivered' | 'read' | 'played'
  readonly at: Date
}

/** How an entry is finished. `kept` entries answer for a later delivery of the same, the others may be forgotten. */
export type Recording = {
  readonly account: string
  readonly seq: number
  /** What it says, however it was wrapped: of several entries with one subject only the first changes anything. */
  readonly subject?: string
  readonly changes: readonly InboundChange[]
  readonly kept: boolean
  readonly at: Date
  /** Recordings of one chain take effect in their order or not at all: as in signal-keys.ts. */
  readonly chain?: string
}

/** What came in and is not yet, or no longer, anybody else's: each arrival is durable before the server hears that it came. */
export type JournalStore = {
  /** The arrival and what reading it did to the keys, in one transaction. Answers its `seq`; undefined when it was there before. */
  add(arrival: Arrival, keys?: KeyChanges): Promise<number | undefined>
  /** What an arrival with this digest said. */
  plaintext(account: string, digest: Uint8Array): Promise<Uint8Array | undefined>
  /** Entries not recorded yet, in the order of arrival. */
  unfinished(account: string): Promise<readonly (JournalEntry | UnreadableEntry)[]>
  /** Finishes an entry together with what it comes to; says which changes changed something. Nothing, when it was finished before. */
  record(recording: Recording): Promise<readonly boolean[]>
  /** Forgets finished entries that were recorded before an instant. */
  prune(before: Date): Promise<void>
}

export function createJournalStore({ reader, writer }: Access): JournalStore {
  return {
    add: (arrival, keys) => writer.run('journal.add', { arrival: alone(arrival), keys: keysAlone(keys) }),
    plaintext: async (account, digest) => plaintextOf(reader, account, digest),
    unfinished: async account => unfinishedEntries(reader, account),
    record: recording => writer.run('journal.record', recording),
    prune: before => writer.run('journal.prune', { before }),
  }
}

/** A small Buffer is a window on a pool that would cross to the writer's thread whole, with whatever else is in it. */
function alone(arrival: Arrival): Arrival {
  const { digest, stanza, plaintext } = arrival
  return {
    ...arrival,
    digest: Uint8Array.from(digest),
    stanza: Uint8Array.from(stanza),
    ...(plaintext === undefined ? {} : { plaintext: Uint8Array.from(plaintext) }),
  }
}

function keysAlone(keys: KeyChanges | undefined): KeyChanges | undefined {
  return keys === undefined ? undefined : { ...keys, changes: changesAlone(keys.changes) }
}
