import type { WarmUp } from './snapshot.ts'

/** One day of a warm-up: what may be sent from `since` to `until`. */
export type WarmUpDay = { readonly since: Date; readonly until: Date; readonly allowance: number }

const DAY_MS = 24 * 60 * 60_000

/** The day that `at` falls into. Days are counted from the minute in which the account was linked, and not from midnight. */
export function warmUpDay({ start, growth, max }: WarmUp, linkedAt: Date, at: Date): WarmUpDay {
  const day = Math.max(0, Math.floor((at.getTime() - linkedAt.getTime()) / DAY_MS))
  const sinceMs = linkedAt.getTime() + day * DAY_MS
  return {
    since: new Date(sinceMs),
    until: new Date(sinceMs + DAY_MS),
    allowance: Math.floor(Math.min(max, start * growth ** day)),
  }
}
