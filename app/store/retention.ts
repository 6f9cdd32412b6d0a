import type { Access } from './access.ts'

/** What can be removed. `bodies` leaves the messages and what became of them. */
export const SWEPT = ['bodies', 'messages', 'delivered', 'dead', 'events', 'decisions', 'media'] as const
export type Swept = (typeof SWEPT)[number]

/** A stretch of a sweep: of what, older than what, and where the stretch before it ended. */
export type SweepStep = {
  readonly what: Swept
  readonly before: Date
  readonly from: readonly [at: number, seq: number]
  readonly at: Date
}

export type SweepAnswer = {
  readonly removed: number
  /** Where the next stretch begins; null when there is no more to look at. */
  readonly next: readonly [at: number, seq: number] | null
  /** Files of media that nothing needs any more, to be removed from the disk. */
  readonly files?: readonly string[]
}

export type RetentionStore = {
  /**
   * Removes what is over in one small stretch, so that no other write waits long. Stays: a message that is still to be
   * sent, and an event or a file that a delivery or such a message needs.
   */
  sweep(step: SweepStep): Promise<SweepAnswer>
}

export function createRetentionStore({ writer }: Access): RetentionStore {
  return { sweep: step => writer.run('retention.sweep', step) }
}
