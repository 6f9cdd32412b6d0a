import type { Entry } from '../check/ledger.ts'

/** Messages of one chat in one direction. */
export type Flow = {
  readonly number: string
  readonly everyMs: number
  /** How often traffic has begun; with it no text is said twice. */
  readonly round: number
  /** Aborted when no further message is to begin. */
  readonly ending: AbortSignal
  /** Nothing is waited for any more. */
  readonly closed: AbortSignal
  /** What was promised, in order. */
  readonly ledger: Entry[]
}
