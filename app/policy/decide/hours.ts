import type { HoursSpan } from '../snapshot.ts'

/** Minutes since midnight on a day of the week, Monday being 0: what a clock on the wall shows. */
export type WallClock = { readonly day: number; readonly minute: number }

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const MINUTE_MS = 60_000
const KEPT_ZONES = 500

type Zone = { readonly format: Intl.DateTimeFormat; minute: number; clock: WallClock }

const zones = new Map<string, Zone>()

/** True when the wall clock of a time zone stands within one of the spans: the start is inside, the end is not. */
export function isWithin(spans: readonly HoursSpan[], { day, minute }: WallClock): boolean {
  const dayBefore = (day + 6) % 7
  return spans.some(({ days, from, to }) => {
    if (from < to) return days.has(day) && from <= minute && minute < to
    return (days.has(day) && from <= minute) || (days.has(dayBefore) && minute < to) // past midnight
  })
}

/** What the clock on the wall shows there at an instant; at a change of daylight saving time it is still the clock that decides. */
export function wallClock(timeZone: string, at: Date): WallClock {
  const zone = zoneOf(timeZone)
  const minute = Math.floor(at.getTime() / MINUTE_MS)
  if (zone.minute === minute) return zone.clock
  const parts = Object.fromEntries(zone.format.formatToParts(at).map(({ type, value }) => [type, value]))
  zone.minute = minute
  zone.clock = {
    day: DAYS.indexOf(parts.weekday ?? ''),
    minute: Number(parts.hour) * 60 + Number(parts.minute),
  }
  return zone.clock
}

/** A formatter costs far more to make than to ask, and the same minute is asked for again and again. */
function zoneOf(timeZone: string): Zone {
  const kept = zones.get(timeZone)
  if (kept !== undefined) return kept
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const zone = { format, minute: Number.NaN, clock: { day: 0, minute: 0 } }
  if (zones.size >= KEPT_ZONES) zones.clear()
  zones.set(timeZone, zone)
  return zone
}
