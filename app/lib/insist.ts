import { setTimeout as sleep } from 'node:timers/promises'
import { type Backoff, backoffMs } from './backoff.ts'

export type InsistOptions = {
  readonly backoff: Backoff
  readonly random: () => number
  /** Ends the repeating; the try under way is finished first. */
  readonly signal: AbortSignal
  readonly onError: (error: unknown) => void
}

/**
 * Repeats `act` until it succeeds: for writing down what has happened already and cannot be taken back, when the disk
 * may be full for a while. Undefined when `signal` ended it before that.
 */
export async function insist<T>(act: () => Promise<T>, options: InsistOptions): Promise<T | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      options.onError(error)
    }
    if (options.signal.aborted) return undefined
    const pauseMs = backoffMs(attempt, options.backoff, options.random)
    await sleep(pauseMs, undefined, { signal: options.signal }).catch(() => {})
    if (options.signal.aborted) return undefined
  }
}
