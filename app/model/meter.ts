/** What is counted as it happens, for whoever watches from outside. Only names of accounts go in, never numbers. */
export type Meter = {
  messages(account: string, direction: 'in' | 'out', count: number): void
  /** A new connection is about to be made; `code` says how the last one ended. */
  reconnected(account: string, code: string): void
  /** A connection was found to deliver nothing. */
  deaf(account: string): void
  /** A file was to be fetched from a link. */
  linked(account: string, outcome: 'taken' | 'refused' | 'failed'): void
}

/** Counts nothing; for commands and tests that look elsewhere. */
export const silentMeter: Meter = { messages() {}, reconnected() {}, deaf() {}, linked() {} }
