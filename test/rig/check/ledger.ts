/** One line of a ledger: something that was promised, or seen. */
export type Entry = {
  /** What is the same thing in every ledger: the text of a message, the id of an event. Never twice in a promise. */
  readonly key: string
  /** The id that it bears; a repeat must bear the same. */
  readonly id: string
  /** Within it order is kept; entries of no chat have none. */
  readonly chat?: string
}

/** What one witness outside the unit wrote down, in the order in which it happened. */
export type Ledger = { readonly name: string; readonly entries: readonly Entry[] }
