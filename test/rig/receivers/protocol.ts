/** What the receiver saw of one chat: the highest number taken, and how often a lower one came after it. */
export type Chat = { readonly chat: string; readonly last: number; readonly disordered: number }

export type Ledger = {
  readonly received: number
  /** Taken a second time. */
  readonly repeats: number
  /** Answers by what they were. */
  readonly kinds: Readonly<Record<string, number>>
  /** Ids of the events that were taken. */
  readonly taken: readonly string[]
  readonly chats: readonly Chat[]
}

export type ToReceiver =
  | { readonly kind: 'leave' }
  | { readonly kind: 'return' }
  | { readonly kind: 'ledger' }

export type FromReceiver =
  | { readonly kind: 'ready'; readonly port: number; readonly wrongPort: number; readonly ca: string }
  | { readonly kind: 'done' }
  | ({ readonly kind: 'ledger' } & Ledger)
