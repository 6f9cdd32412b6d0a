import { PosternError } from '../lib/error.ts'
import type { Acquaintance } from '../model/decision.ts'
import type { Message, MessageContent, MessageStatus } from '../model/message.ts'
import type { Access } from './access.ts'
import type { Effects, Page } from './effects.ts'
import { acquaintance } from './tables/acquaintance.ts'
import { type ChatQuery, latestMessages } from './tables/chat-list.ts'
import { type ChatTimer, timerOf } from './tables/chat-timers.ts'
import { lookUpKey } from './tables/message-entry.ts'
import { getMessage, listMessages, messagesNamed, pastExpiry } from './tables/message-list.ts'
import { nextMessageDueAt, triedSince } from './tables/outbox-queue.ts'

/** A caller's idempotency key with the digest of the body it came with; remembered for 24 h per principal. */
export type IdempotencyKey = { readonly principal: string; readonly key: string; readonly bodyDigest: string }

/** `repeated`: the same key and body were stored before, here is that message. `key-reused`: the same key with another body. */
export type EnqueueOutcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'repeated'; readonly message: Message }
  | { readonly kind: 'key-reused' }

/** What is known of an idempotency key before anything is stored. */
export type KeyLookup =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'repeated'; readonly message: Message }
  | { readonly kind: 'key-reused' }

export type MessageQuery = {
  readonly account: string
  readonly chat?: string
  readonly direction?: 'in' | 'out'
  readonly status?: MessageStatus
  /** Cursor of an earlier page. */
  readonly before?: string
  readonly limit: number
}

export type StatusChange = {
  readonly account: string
  readonly messageId: string
  readonly to: MessageStatus
  /** The change happens only from one of these, checked in its transaction: a cancellation must not catch what is being sent. */
  readonly onlyFrom?: readonly MessageStatus[]
  readonly at: Date
  readonly code?: string
  readonly detail?: string
  /** Of a held entry that goes on. */
  readonly approval?: Approval
  /** What another message, by our id, says from then on. */
  readonly edited?: { readonly id: string; readonly content: MessageContent }
}

/** Who let a held entry go on. With a `dueAt` it leaves its place and joins the line of its chat anew at that instant. */
export type Approval = { readonly by: string; readonly dueAt?: Date }

/** When a repeat is due and why there is one; `code` is the stable word of what may become a failure. */
export type Requeue = { readonly dueAt: Date; readonly reason: string; readonly code?: string }

/** What holds an entry: the id of a rule or a limit, and a sentence. */
export type Hold = { readonly at: Date; readonly by: string; readonly reason: string }

export type MessageStore = {
  /** Rejects with `store.nearly_full` when the disk is, so that what is left of it serves what comes in. */
  enqueue(message: Message, key: IdempotencyKey | undefined, effects: Effects): Promise<EnqueueOutcome>
  /** Asked before limits are taken, so that a repeated request costs nothing. Knows a key as long as `enqueue` does. */
  findByKey(key: IdempotencyKey): Promise<KeyLookup>
  /** An incoming message; `known` when its chat has one of its sender with its id already, and then nothing is written. */
  receive(message: Message, effects: Effects): Promise<'stored' | 'known'>
  /** Messages from before, newest first: they go before everything there is, and those that are known stay as they are. */
  import(messages: readonly Message[]): Promise<void>
  /** By our id or by WhatsApp's; of several with the latter one of ours, else the oldest. One whose row is damaged is `DAMAGED`, as in `list` and `claim`. */
  get(account: string, id: string): Promise<Message | undefined>
  /** All with an id of WhatsApp's, which is unique only for a chat and a sender; those of ours first, then the oldest. */
  named(account: string, messageId: string): Promise<readonly Message[]>
  /** What the account and the chat have had to do with each other. */
  acquaintance(account: string, chat: string): Promise<Required<Acquaintance>>
  /** How many seconds messages stay in a chat with one person; 0: for good. */
  timer(account: string, chat: string): Promise<number>
  /** For a timer that was set without a message of the outbox. */
  setTimer(timer: ChatTimer): Promise<void>
  /** Newest first. */
  list(query: MessageQuery): Promise<Page<Message>>
  /** The last message of each chat, newest first; the cursor is that of `list`. */
  latest(query: ChatQuery): Promise<Page<Message>>
  /**
   * Takes due entries, up to the free number of each account, at most one a chat and only the front of its line, marks them
   * `sending` durably and counts the attempt. A chat with an entry in `sending` gives none, and chats take turns. Entries
   * join the line of their chat when they are enqueued, or when they fall due; in it they keep their order, also while one
   * waits for another attempt. One that is held is passed by.
   */
  claim(query: { free: ReadonlyMap<string, number>; now: Date }): Promise<readonly Message[]>
  /** Back from `sending` to `queued`, to be claimed again from `dueAt` on; it keeps its place. */
  requeue(id: string, again: Requeue): Promise<void>
  /** Back from `sending` to `queued` without having been tried: it stands outside its chat's line until `dueAt`, and others pass it. */
  postpone(id: string, until: Requeue): Promise<void>
  /** Back from `sending` to `held`, because the policy of the moment wants a human; false when it is not in `sending`. */
  hold(id: string, why: Hold, effects: Effects): Promise<boolean>
  /** Moves on by `advances()` in model/message.ts; false when it does not advance, and then nothing is written. */
  advance(change: StatusChange, effects: Effects): Promise<boolean>
  /** After a start: everything left in `sending` is queued again at once. Answers how many. */
  recover(): Promise<number>
  /**
   * When the next entry of these accounts can be claimed or joins the line of its chat; in a line only the front counts,
   * and no line with an entry in `sending`. Undefined when none waits.
   */
  nextDueAt(accounts: readonly string[]): Promise<Date | undefined>
  /** How many messages were handed to WhatsApp since then, each once however often it was tried. */
  triedSince(account: string, since: Date): Promise<number>
  /** Entries still `queued` or `held` whose `expiresAt` has passed. Writes nothing: `advance` marks each together with its event. */
  pastExpiry(now: Date, limit: number): Promise<readonly Message[]>
}

export function createMessageStore({ reader, writer, now, disk }: Access): MessageStore {
  return {
    async enqueue(message, key, effects) {
      if (disk.state().level === 'full')
        throw new PosternError('store.nearly_full', 'the disk is nearly full')
      return await writer.run('messages.enqueue', { message, key, effects, now: now() })
    },
    findByKey: async key => lookUpKey(reader, key, now()),
    receive: (message, effects) => writer.run('messages.receive', { message, effects }),
    import: messages => writer.run('messages.import', { messages }),
    get: async (account, id) => reader.db.snapshot(() => getMessage(reader, account, id)),
    named: async (account, messageId) => reader.db.snapshot(() => messagesNamed(reader, account, messageId)),
    acquaintance: async (account, chat) => acquaintance(reader, account, chat),
    timer: async (account, chat) => timerOf(reader, account, chat),
    setTimer: timer => writer.run('messages.setTimer', timer),
    list: async query => reader.db.snapshot(() => listMessages(reader, query)),
    latest: async query => reader.db.snapshot(() => latestMessages(reader, query)),
    claim: query => writer.run('messages.claim', query),
    requeue: (id, again) => writer.run('messages.requeue', { id, ...again, now: now() }),
    postpone: (id, until) => writer.run('messages.postpone', { id, ...until, now: now() }),
    hold: (id, why, effects) => writer.run('messages.hold', { id, ...why, effects }),
    advance: (change, effects) => writer.run('messages.advance', { change, effects }),
    recover: () => writer.run('messages.recover', { now: now() }),
    nextDueAt: async accounts => nextMessageDueAt(reader, accounts),
    triedSince: async (account, since) => triedSince(reader, account, since),
    pastExpiry: async (at, limit) => pastExpiry(reader, at, limit),
  }
}
