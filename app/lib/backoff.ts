/** A delay that doubles from `baseMs` up to `maxMs`, spread over ±20 % so that many waiters do not wake together. */
export type Backoff = { readonly baseMs: number; readonly maxMs: number }

const SPREAD = 0.2

/** Milliseconds to wait before attempt `attempt` (0 is the first repeat). `random` gives [0, 1). */
export function backoffMs(attempt: number, backoff: Backoff, random: () => number): number {
  const plain = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(attempt, 30))
  return Math.round(plain * (1 - SPREAD + 2 * SPREAD * random()))
}
