import type { Decision } from '../../model/decision.ts'
import type { QuietHours } from '../snapshot.ts'
import { isWithin, wallClock } from './hours.ts'
import { zonesOfNumber } from './time-zones.ts'

/** What quiet hours say to a message: it may leave, waits until they end, or is refused. */
export type Quiet =
  | { readonly kind: 'none' }
  | { readonly kind: 'wait'; readonly until: Date; readonly reason: string }
  | { readonly kind: 'deny'; readonly decision: Decision }

/** A message about to leave. `from` is the account's own number, as far as it is known. */
export type Leaving = { readonly to?: string; readonly from?: string; readonly purpose?: string }

export const QUIET_HOURS = 'quiet-hours'

const MINUTE_MS = 60_000
/** Wherever clocks change, they do at a quarter of an hour, so that no step jumps over an end. */
const STEP_MINUTES = 15
/** Whoever finds no end in a week finds none later. */
const SEARCHED_MS = 8 * 24 * 60 * MINUTE_MS

/** Judges a message at the instant at which it may leave. A number in several time zones is quiet while one of them is. */
export function quietAt(quietHours: QuietHours | undefined, leaving: Leaving, at: Date): Quiet {
  if (quietHours === undefined || isExempt(quietHours, leaving)) return { kind: 'none' }
  const zones = zonesOf(quietHours, leaving)
  if (!isQuiet(quietHours, zones, at)) return { kind: 'none' }
  const until = quietHours.meanwhile === 'wait' ? endOf(quietHours, zones, at) : undefined
  if (until === undefined) {
    const reason = 'The recipient has quiet hours now.'
    return { kind: 'deny', decision: { effect: 'deny', by: QUIET_HOURS, reason } }
  }
  return { kind: 'wait', until, reason: `${QUIET_HOURS}: it waits for their end` }
}

function isExempt({ exceptPurposes }: QuietHours, { purpose }: Leaving): boolean {
  return purpose !== undefined && exceptPurposes.includes(purpose)
}

/** A group, and a number that belongs to no country, have no zone of their own: there the account's own number counts, else UTC. */
function zonesOf({ tz }: QuietHours, { to = '', from = '' }: Leaving): readonly string[] {
  if (tz !== 'recipient') return [tz]
  return [zonesOfNumber(to), zonesOfNumber(from)].find(zones => zones.length > 0) ?? ['UTC']
}

function isQuiet({ spans }: QuietHours, zones: readonly string[], at: Date): boolean {
  return zones.some(zone => isWithin(spans, wallClock(zone, at)))
}

/** The first minute that is quiet nowhere; undefined when there is none. */
function endOf(quietHours: QuietHours, zones: readonly string[], at: Date): Date | undefined {
  const ends = new Set(quietHours.spans.map(({ to }) => to % STEP_MINUTES))
  for (let ms = at.getTime(); ms < at.getTime() + SEARCHED_MS; ) {
    const minute = Math.floor(ms / MINUTE_MS)
    const steps = [...ends].map(end => STEP_MINUTES - ((minute - end + STEP_MINUTES) % STEP_MINUTES))
    ms = (minute + Math.min(...steps)) * MINUTE_MS
    if (!isQuiet(quietHours, zones, new Date(ms))) return new Date(ms)
  }
  return undefined
}
