import { globMatches } from '../../lib/glob.ts'
import { ipv6Bits, parseCidr } from '../networks.ts'
import type { Conditions, HoursSpan, RecipientCondition } from '../snapshot.ts'

/** What a new value takes in that the old one did not, and the other way round. In doubt both are said. */
export type Relation = { readonly gains: boolean; readonly losses: boolean }

/** True when everything in `narrow` is in `wide` too. False is also the answer to what cannot be told. */
export type Covers<V> = (wide: V, narrow: V) => boolean

export const BOTH: Relation = { gains: true, losses: true }

const DAY_MINUTES = 24 * 60

/** Compares two values, of which an absent one takes in everything. */
export function relate<V>(from: V | undefined, to: V | undefined, covers: Covers<V>): Relation {
  return { gains: !coversOrAny(from, to, covers), losses: !coversOrAny(to, from, covers) }
}

function coversOrAny<V>(wide: V | undefined, narrow: V | undefined, covers: Covers<V>): boolean {
  return wide === undefined || (narrow !== undefined && covers(wide, narrow))
}

/** Names, of which `*` stands for all. */
export const coversNames: Covers<readonly string[]> = (wide, narrow) => {
  const names = new Set(wide)
  return names.has('*') || narrow.every(name => names.has(name))
}

export const coversGlobs: Covers<readonly string[]> = (wide, narrow) =>
  narrow.every(glob => wide.some(wider => globMatches(wider, glob)))

export const coversAmount: Covers<number> = (wide, narrow) => wide >= narrow

/** Ranges of addresses, however they are cut into pieces. */
export const coversCidrs: Covers<readonly string[]> = (wide, narrow) =>
  (['ipv4', 'ipv6'] as const).every(family => {
    const outer = rangesOf(wide, family)
    return rangesOf(narrow, family).every(([first, last]) =>
      outer.some(([from, to]) => from <= first && last <= to),
    )
  })

export const coversRecipients: Covers<RecipientCondition> = (wide, narrow) => {
  const { numbers = [], prefixes = [] } = narrow
  const begins = (text: string) => (wide.prefixes ?? []).some(prefix => text.startsWith(prefix))
  const whole = new Set(wide.numbers)
  return prefixes.every(begins) && numbers.every(number => whole.has(number) || begins(number))
}

export const coversSize: Covers<NonNullable<Conditions['size']>> = (wide, narrow) =>
  (wide.minBytes ?? 0) <= (narrow.minBytes ?? 0) &&
  (narrow.maxBytes ?? Number.POSITIVE_INFINITY) <= (wide.maxBytes ?? Number.POSITIVE_INFINITY)

export const coversHours: Covers<NonNullable<Conditions['hours']>> = (wide, narrow) => {
  if (wide.tz !== narrow.tz) return false
  const minutes = minutesOf(wide.spans)
  return [...minutesOf(narrow.spans)].every(minute => minutes.has(minute))
}

/** The minutes of a week in which one of the spans holds. */
export function minutesOf(spans: readonly HoursSpan[]): ReadonlySet<number> {
  const minutes = new Set<number>()
  for (const { days, from, to } of spans) {
    const length = from < to ? to - from : DAY_MINUTES - from + to
    for (const day of days) {
      for (let n = 0; n < length; n += 1) minutes.add((day * DAY_MINUTES + from + n) % (7 * DAY_MINUTES))
    }
  }
  return minutes
}

/** First and last address of each range as numbers, sorted; those that touch are one. */
function rangesOf(cidrs: readonly string[], family: 'ipv4' | 'ipv6'): readonly (readonly [bigint, bigint])[] {
  const all = cidrs.flatMap((text): [bigint, bigint][] => {
    const cidr = parseCidr(text)
    if (cidr?.family !== family) return []
    const bits = ipv6Bits(family === 'ipv4' ? `::${cidr.address}` : cidr.address)
    const first = BigInt(`0b${bits}`)
    const size = 1n << BigInt((family === 'ipv4' ? 32 : 128) - cidr.prefix)
    return [[first, first + size - 1n]]
  })
  const merged: [bigint, bigint][] = []
  for (const [first, last] of all.sort((a, b) => (a[0] < b[0] ? -1 : 1))) {
    const before = merged.at(-1)
    if (before === undefined || first > before[1] + 1n) merged.push([first, last])
    else if (last > before[1]) before[1] = last
  }
  return merged
}
