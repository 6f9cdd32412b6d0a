const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** The waits of the schedule `standard`, each after the failed attempt before it; from the last on, daily. */
const STANDARD_MS = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
]
const JITTER = 0.2

/** As long as it ever lets a delivery wait. */
export const LONGEST_WAIT_MS = DAY_MS * (1 + JITTER)

/** A delivery as the schedule sees it: `attemptCount` without the attempt that has just failed. */
export type Tried = { readonly createdAt: Date; readonly attemptCount: number }

/**
 * When a delivery whose attempt at `failedAt` came to nothing is tried again; undefined when that would be later than
 * `maxAgeMs` after its creation. `random` gives [0, 1) and spreads each wait over ±20 %.
 */
export function nextAttemptAt(
  tried: Tried,
  maxAgeMs: number,
  failedAt: Date,
  random: () => number,
): Date | undefined {
  const waitMs = STANDARD_MS[tried.attemptCount] ?? DAY_MS
  const dueMs = failedAt.getTime() + Math.round(waitMs * (1 - JITTER + 2 * JITTER * random()))
  return dueMs - tried.createdAt.getTime() > maxAgeMs ? undefined : new Date(dueMs)
}
