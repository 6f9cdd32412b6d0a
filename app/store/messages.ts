import type { Message, MessageStatus } from '../model/message.ts'
import type { Effects, Page } from './effects.ts'

/** A caller's idempotency key with the digest of the body it came with; remembered for 24 h per principal. */
export type IdempotencyKey = { readonly principal: string; readonly key: string; readonly bodyDigest: string }

/** `repeated`: the same key and body were stored before, here is that message. `key-reused`: the same key with another body. */
export type EnqueueOutcome =
  | { readonly kind: 'stored' }
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
  readonly at: Date
  readonly detail?: string
}

export type MessageStore = {
  enqueue(message: Message, key: IdempotencyKey | undefined, effects: Effects): Promise<EnqueueOutcome>
  /** An incoming message; `known` when this account has its message id already, and then nothing is written. */
  receive(message: Message, effects: Effects): Promise<'stored' | 'known'>
  /** By our id or by WhatsApp's. */
  get(account: string, id: string): Promise<Message | undefined>
  /** Newest first. */
  list(query: MessageQuery): Promise<Page<Message>>
  /**
   * Takes up to `limit` due entries, at most one a chat and only the oldest of a chat that is still to be sent, marks them
   * `sending` durably and counts the attempt. A chat with an entry in `sending` gives none.
   */
  claim(query: { accounts: readonly string[]; now: Date; limit: number }): Promise<readonly Message[]>
  /** Back from `sending` to `queued`, to be claimed again from `dueAt` on. */
  requeue(id: string, dueAt: Date, reason: string): Promise<void>
  /** Moves on by `advances()` in model/message.ts; false when it does not advance, and then nothing is written. */
  advance(change: StatusChange, effects: Effects): Promise<boolean>
  /** After a start: everything left in `sending` is queued again at once. Answers how many. */
  recover(): Promise<number>
  /** When the next entry of these accounts falls due; undefined when none waits. */
  nextDueAt(accounts: readonly string[]): Promise<Date | undefined>
  /** Marks entries whose `expiresAt` has passed; answers them, so that events can follow. */
  expired(now: Date, limit: number): Promise<readonly Message[]>
}
