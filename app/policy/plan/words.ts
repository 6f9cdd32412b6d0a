import type { Conditions, HoursSpan, Limit, RecipientCondition } from '../snapshot.ts'

const MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const
const BYTES = { MiB: 1_048_576, KiB: 1_024, B: 1 } as const
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
/** Longer lists are told by what came and what went. */
const SHOWN_WHOLE = 8
const SHOWN_OF_DIFFERENCE = 5

/** `90s`, `7d`: the largest unit that needs no fraction. */
export function durationWords(ms: number): string {
  return inUnits(ms, MS)
}

export function sizeWords(bytes: number): string {
  return inUnits(bytes, BYTES)
}

export function rateWords({ count, periodMs }: Pick<Limit, 'count' | 'periodMs'>): string {
  return `${count}/${durationWords(periodMs)}`
}

/** Sorted, since the order has no meaning. */
export function listWords(list: Iterable<string>): string {
  return [...list].sort().join(', ')
}

/** The same, of long lists only how many they have; undefined of none. */
export function shortListWords(list: readonly string[]): string | undefined {
  if (list.length === 0) return undefined
  return list.length > SHOWN_WHOLE ? `${list.length} of them` : listWords(list)
}

export function recipientWords({ list, prefixes = [], numbers = [] }: RecipientCondition): string {
  if (list !== undefined) return `list ${list}`
  const parts = [prefixes.length > 0 ? `prefixes ${listWords(prefixes)}` : '', numberWords(numbers)]
  return parts.filter(part => part !== '').join('; ')
}

function numberWords(numbers: readonly string[]): string {
  if (numbers.length === 0) return ''
  return numbers.length > SHOWN_WHOLE ? `${numbers.length} numbers` : `numbers ${listWords(numbers)}`
}

function spanWords({ days, from, to }: HoursSpan): string {
  const sorted = [...days].sort((a, b) => a - b)
  return `${sorted.map(day => DAYS[day]).join(' ')} ${clock(from)}-${clock(to)}`
}

export function hoursWords({ tz, spans }: NonNullable<Conditions['hours']>): string {
  return `${tz} ${spans.map(spanWords).sort().join(', ')}`
}

export function sizeRangeWords({ minBytes, maxBytes }: NonNullable<Conditions['size']>): string {
  if (minBytes === undefined) return `at most ${sizeWords(maxBytes ?? 0)}`
  return maxBytes === undefined
    ? `${sizeWords(minBytes)} or more`
    : `${sizeWords(minBytes)} to ${sizeWords(maxBytes)}`
}

/** Two lists side by side; of long ones only how many they have and what differs. */
export function listsSideBySide(
  from: readonly string[],
  to: readonly string[],
): { readonly from: string; readonly to: string } {
  if (Math.max(from.length, to.length) <= SHOWN_WHOLE) return { from: listWords(from), to: listWords(to) }
  const [before, after] = [new Set(from), new Set(to)]
  const differences = [
    ...some('with', [...after].filter(item => !before.has(item)).sort()),
    ...some('without', [...before].filter(item => !after.has(item)).sort()),
  ]
  return { from: `${before.size} of them`, to: `${after.size} of them, ${differences.join(', ')}` }
}

function some(word: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return []
  const rest = items.length - SHOWN_OF_DIFFERENCE
  const shown = items.slice(0, SHOWN_OF_DIFFERENCE).join(' ')
  return [`${word} ${shown}${rest > 0 ? ` and ${rest} more` : ''}`]
}

function inUnits(amount: number, units: Readonly<Record<string, number>>): string {
  const [unit = '', size = 1] = Object.entries(units).find(([, of]) => amount % of === 0) ?? []
  return `${amount / size}${unit}`
}

function clock(minute: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}
