import { globMatches } from '../../lib/glob.ts'
import { ipv6Bits, parseCidr } from '../networks.ts'
import type { Conditions, HoursSpan, RecipientCondition } from '../snapshot.ts'

/** What a new value takes in that the old one did not, and the other way round. In doubt both are said. */
export type Relation = { readonly gains: boolean; readonly losses: boolean }

/** True when everything in `narrow` is in `wide` too. False is also the answer to what cannot be told. */
export type Covers<V> = (wide: V, narrow: V) => boolean

export const BOTH: Relation = { gains: true, losses: true }

const DAY_MINUTES = 24 * 60
const WEEK_MINUTES = 7 * DAY_MINUTES

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
  (['ipv4', 'ipv6'] as const).every(family =>
    coversRanges(addressesOf(wide, family), addressesOf(narrow, family)),
  )

/** True when some address lies in both. */
export function meetCidrs(one: readonly string[], other: readonly string[]): boolean {
  return (['ipv4', 'ipv6'] as const).some(family => {
    const others = addressesOf(other, family)
    return addressesOf(one, family).some(([first, last]) =>
      others.some(([from, to]) => from <= last && first <= to),
    )
  })
}

export const coversRecipients: Covers<RecipientCondition> = (wide, narrow) => {
  const { numbers = [], prefixes = [] } = narrow
  const begins = (text: string) => (wide.prefixes ?? []).some(prefix => text.startsWith(prefix))
  const whole = new Set(wide.numbers)
  return prefixes.every(begins) && numbers.every(number => whole.has(number) || begins(number))
}

export const coversSize: Covers<NonNullable<Conditions['size']>> = (wide, narrow) =>
  (wide.minBytes ?? 0) <= (narrow.minBytes ?? 0) &&
  (narrow.maxBytes ?? Number.POSITIVE_INFINITY) <= (wide.maxBytes ?? Number.POSITIVE_INFINITY)

export const coversHours: Covers<Hours> = (wide, narrow) =>
  wide.tz === narrow.tz && coversRanges(minutesOf(wide.spans), minutesOf(narrow.spans))

/** The same for all ways of writing the same hours. */
export function hoursKey({ tz, spans }: Hours): string {
  return `${tz} ${minutesOf(spans).join(' ')}`
}

type Hours = NonNullable<Conditions['hours']>

/** First and last, both inside. */
type Range = readonly [first: bigint, last: bigint]

/** The minutes of a week, from Monday on. */
function minutesOf(spans: readonly HoursSpan[]): readonly Range[] {
  return merged(
    spans.flatMap(({ days, from, to }) =>
      [...days].flatMap((day): readonly Range[] => {
        const start = day * DAY_MINUTES + from
        const end = start + (from < to ? to - from : DAY_MINUTES - from + to)
        const beyond = end - WEEK_MINUTES // of a span that passes midnight on Sunday
        return beyond > 0 ? [minutes(start, WEEK_MINUTES), minutes(0, beyond)] : [minutes(start, end)]
      }),
    ),
  )
}

function minutes(from: number, to: number): Range {
  return [BigInt(from), BigInt(to - 1)]
}

function addressesOf(cidrs: readonly string[], family: 'ipv4' | 'ipv6'): readonly Range[] {
  return merged(
    cidrs.flatMap((text): readonly Range[] => {
      const cidr = parseCidr(text)
      if (cidr?.family !== family) return []
      const first = BigInt(`0b${ipv6Bits(family === 'ipv4' ? `::${cidr.address}` : cidr.address)}`)
      const size = 1n << BigInt((family === 'ipv4' ? 32 : 128) - cidr.prefix)
      return [[first, first + size - 1n]]
    }),
  )
}

function coversRanges(wide: readonly Range[], narrow: readonly Range[]): boolean {
  return narrow.every(([first, last]) => wide.some(([from, to]) => from <= first && last <= to))
}

/** Sorted; those that touch are one. */
function merged(ranges: readonly Range[]): readonly Range[] {
  const found: Range[] = []
  for (const [first, last] of ranges.toSorted((a, b) => (a[0] < b[0] ? -1 : 1))) {
    const before = found.at(-1)
    if (before === undefined || first > before[1] + 1n) found.push([first, last])
    else if (last > before[1]) found[found.length - 1] = [before[0], last]
  }
  return found
}
