import { isIP } from 'node:net'
import { isRegion } from '../../model/phone.ts'
import { parseSecretRef, type SecretRef } from '../../model/secret-ref.ts'
import { isWithin } from '../decide/hours.ts'
import { type Cidr, parseCidr } from '../networks.ts'
import type { HoursSpan } from '../snapshot.ts'

/** A way of writing a value as text. `expected` ends the sentence "expected …"; `parse` gives undefined for anything else. */
export type Notation<T> = { readonly expected: string; parse(text: string): T | undefined }

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const UNIT_BYTES = { B: 1, KiB: 1_024, MiB: 1_048_576 } as const
const MAX_DURATION_MS = 3_650 * UNIT_MS.d
const MAX_BYTES = 1_024 * UNIT_BYTES.MiB
/** What the parts of the appliance itself carry; no principal may claim one. */
const INTERNAL_URI = 'spiffe://postern/internal/'

export const duration: Notation<number> = {
  expected: 'a duration such as 30s, 5m, 12h or 7d',
  parse(text) {
    const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text)
    if (match === null) return undefined
    const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]
    return ms > 0 && ms <= MAX_DURATION_MS ? ms : undefined
  },
}

/** Node's timers end at 24.8 days, and make a millisecond of what is longer. */
const MAX_TIMEOUT_MS = UNIT_MS.d

/** How long somebody who waits for an answer or the rest of a request is kept waiting. */
export const timeout: Notation<number> = {
  expected: 'a duration of no more than 24h, such as 30s or 5m',
  parse(text) {
    const ms = duration.parse(text)
    return ms !== undefined && ms <= MAX_TIMEOUT_MS ? ms : undefined
  },
}

const MAX_PROBATION_MS = UNIT_MS.h

export const probation: Notation<number> = {
  expected: 'a duration from 1s to 1h',
  parse(text) {
    const ms = duration.parse(text)
    return ms !== undefined && ms >= UNIT_MS.s && ms <= MAX_PROBATION_MS ? ms : undefined
  },
}

export const size: Notation<number> = {
  expected: 'a size such as 512B, 256KiB or 64MiB',
  parse(text) {
    const match = /^(\d{1,10})(B|KiB|MiB)$/.exec(text)
    if (match === null) return undefined
    const bytes = Number(match[1]) * UNIT_BYTES[match[2] as keyof typeof UNIT_BYTES]
    return bytes > 0 && bytes <= MAX_BYTES ? bytes : undefined
  },
}

export type Rate = { readonly count: number; readonly periodMs: number }

export const rate: Notation<Rate> = {
  expected: 'a rate such as 50/1s, 20/1m or 60/1d',
  parse(text) {
    const match = /^(\d{1,7})\/(.+)$/.exec(text)
    const count = Number(match?.[1])
    const periodMs = duration.parse(match?.[2] ?? '')
    return count >= 1 && periodMs !== undefined ? { count, periodMs } : undefined
  },
}

/** Messages a day. */
export const dailyRate: Notation<number> = {
  expected: 'a number a day such as 40/1d',
  parse(text) {
    const parts = rate.parse(text)
    return parts?.periodMs === UNIT_MS.d ? parts.count : undefined
  },
}

export const durationRange: Notation<{ readonly minMs: number; readonly maxMs: number }> = {
  expected: 'the shortest and the longest time such as 800ms-2500ms',
  parse(text) {
    const [from = '', to = '', ...rest] = text.split('-')
    const [minMs, maxMs] = [duration.parse(from), duration.parse(to)]
    if (minMs === undefined || maxMs === undefined || minMs > maxMs || rest.length > 0) return undefined
    return { minMs, maxMs }
  },
}

export const cidr: Notation<Cidr> = {
  expected: 'a network such as 10.20.4.0/24 or 2001:db8::/32, with no bits set behind the prefix',
  parse: parseCidr,
}

export const url: Notation<URL> = {
  expected: 'an https URL without credentials or fragment',
  parse(text) {
    const parsed = /^https:\/\/[^\s\\]+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined
    if (parsed === undefined || parsed.username !== '' || parsed.password !== '') return undefined
    return parsed.hash === '' && !text.includes('#') ? parsed : undefined
  },
}

export const origin: Notation<string> = {
  expected: 'https://host or https://host:port, with no path',
  parse(text) {
    if (!/^https:\/\/(\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9.-]*)(:\d{1,5})?$/.test(text)) return undefined
    if (!URL.canParse(text)) return undefined
    return new URL(text).port === '0' ? undefined : text
  },
}

export const instant: Notation<Date> = {
  expected: 'a day such as 2027-03-31, or an instant such as 2027-03-31T18:00:00Z',
  parse(text) {
    if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text))
      return undefined
    const at = new Date(text)
    const day = new Date(text.slice(0, 10))
    if (Number.isNaN(at.getTime()) || Number.isNaN(day.getTime())) return undefined
    return day.toISOString().startsWith(text.slice(0, 10)) ? at : undefined // 2027-02-30 would become the 2nd of March
  },
}

/** Lower-case hex without separators or leading zeros. */
export const serial: Notation<string> = {
  expected: 'a serial number in hex such as "4f:9a:00:c1"',
  parse(text) {
    if (!/^([0-9a-fA-F]{1,40}|[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){0,19})$/.test(text)) return undefined
    return text
      .replaceAll(':', '')
      .toLowerCase()
      .replace(/^0+(?=.)/, '')
  },
}

export const sanUri: Notation<string> = {
  expected: `a URI such as spiffe://postern/client/billing, not one under ${INTERNAL_URI}`,
  parse(text) {
    if (!/^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/.test(text) || text.length > 500) return undefined
    return text.toLowerCase().startsWith(INTERNAL_URI) ? undefined : text
  },
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const DAY_MINUTES = 24 * 60

/** Days and times, in the time zone that stands beside them. */
export const hours: Notation<readonly HoursSpan[]> = {
  expected: 'days and times such as "Mon-Sat 08:00-20:00", several with commas between them',
  parse(text) {
    const spans = text.split(',').map(part => spanOf(part.trim()))
    return spans.some(span => span === undefined) ? undefined : (spans as HoursSpan[])
  },
}

/** The same, where days may be left out: then all. */
export const quietSpans: Notation<readonly HoursSpan[]> = {
  expected: 'times such as "21:00-08:00" or "Sat-Sun 00:00-24:00", which leave some of the week',
  parse(text) {
    const parts = text.split(',').map(part => part.trim())
    const spans = hours.parse(parts.map(part => (/^\d/.test(part) ? `Mon-Sun ${part}` : part)).join(','))
    return spans === undefined || coverTheWeek(spans) ? undefined : spans
  },
}

function coverTheWeek(spans: readonly HoursSpan[]): boolean {
  const minutes = Array.from({ length: DAY_MINUTES }, (_, minute) => minute)
  return DAYS.every((_, day) => minutes.every(minute => isWithin(spans, { day, minute })))
}

function spanOf(text: string): HoursSpan | undefined {
  const match = /^([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? (\d{2}):(\d{2})-(\d{2}):(\d{2})$/.exec(text)
  if (match === null) return undefined
  const [, first = '', last = first, ...clock] = match
  const [from, to] = [minuteOf(clock[0], clock[1]), minuteOf(clock[2], clock[3])]
  const [begin, end] = [DAYS.indexOf(first), DAYS.indexOf(last)]
  if (begin < 0 || end < 0 || from === undefined || to === undefined || from === to || from === DAY_MINUTES) {
    return undefined
  }
  const length = ((end - begin + 7) % 7) + 1 // Sat-Mon goes over the end of the week
  return { days: new Set(Array.from({ length }, (_, n) => (begin + n) % 7)), from, to }
}

/** 24:00 is the end of a day. */
function minuteOf(hour: string | undefined, minute: string | undefined): number | undefined {
  const minutes = Number(hour) * 60 + Number(minute)
  return Number(minute) < 60 && minutes <= DAY_MINUTES ? minutes : undefined
}

export const timeZone: Notation<string> = {
  expected: 'a time zone such as Europe/Paris, or recipient',
  parse(text) {
    if (text === 'recipient') return text
    return /^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)*$/.test(text) && isTimeZone(text) ? text : undefined
  },
}

/** To look one up takes as long as to read a whole rule; there are some six hundred in all. */
const knownZones = new Set<string>()

function isTimeZone(text: string): boolean {
  if (knownZones.has(text)) return true
  if (!existsTimeZone(text)) return false
  knownZones.add(text)
  return true
}

function existsTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: text }) !== undefined
  } catch {
    return false // RangeError: no such zone
  }
}

export const ip: Notation<string> = {
  expected: 'an IP address',
  parse: text => (isIP(text) === 0 ? undefined : text),
}

/** Milliseconds after `now` at which something happens again and again. */
export const moments: Notation<readonly number[]> = {
  expected: 'a start and steps such as "0s", or "0s +1m x7"',
  parse(text) {
    const [start = '', step = '+0s', times = 'x1', ...rest] = text.split(' ')
    const [startMs, stepMs] = [elapsed(start), step.startsWith('+') ? elapsed(step.slice(1)) : undefined]
    const count = /^x([1-9]\d{0,3})$/.exec(times)?.[1]
    if (startMs === undefined || stepMs === undefined || count === undefined || rest.length > 0)
      return undefined
    return Array.from({ length: Number(count) }, (_, n) => startMs + n * stepMs)
  },
}

/** A duration, or none. */
function elapsed(text: string): number | undefined {
  return text === '0s' ? 0 : duration.parse(text)
}

/** What one request of a sequence comes to, with the rule or limit that decides where it is named. */
export type ExpectedOutcome = {
  readonly kind: 'allow' | 'deny' | 'hold' | 'wait' | 'reject' | 'block'
  readonly by?: string
}

export const outcomes: Notation<readonly ExpectedOutcome[]> = {
  expected: 'outcomes such as "allow x6, reject(per-recipient)": allow, deny, hold, wait, reject, block',
  parse(text) {
    const parts = text.split(',').map(part => {
      const match = /^(allow|deny|hold|wait|reject|block)(?:\(([^()\s]+)\))?(?: x([1-9]\d{0,3}))?$/.exec(
        part.trim(),
      )
      if (match === null) return undefined
      const [, kind, by, times = '1'] = match
      const outcome = { kind: kind as ExpectedOutcome['kind'], ...(by === undefined ? {} : { by }) }
      return Array.from({ length: Number(times) }, () => outcome)
    })
    return parts.includes(undefined) ? undefined : parts.flatMap(part => part ?? [])
  },
}

const matching = (pattern: RegExp, expected: string): Notation<string> => ({
  expected,
  parse: text => (pattern.test(text) ? text : undefined),
})

export const name = matching(
  /^[a-z][a-z0-9_-]{0,62}$/,
  'a name of lower-case letters, digits, - and _, beginning with a letter',
)
export const email = matching(/^[^\s@]{1,64}@[^\s@]+\.[^\s@]+$/, 'an e-mail address')
/** One without a + is judged once the region is known. */
export const number = matching(/^(\+[1-9]\d{4,14}|\d{3,15})$/, 'a number with its +, such as "+33600000001"')
export const parameter = matching(
  /^[a-z][a-z0-9_]{0,62}$/,
  'a name of lower-case letters, digits and _, beginning with a letter',
)
export const header = matching(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, 'the name of a header, such as X-Signature')
export const place = matching(
  /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*){0,9}$/,
  'names with dots between them, such as data.alerts',
)

export const region: Notation<string> = {
  expected: 'a country in two capital letters, such as FR',
  parse: text => (isRegion(text) ? text : undefined),
}

export const language: Notation<string> = {
  expected: 'a language such as en or pt-BR',
  parse: text => (/^[a-z]{2,3}(-[A-Z][A-Za-z]{1,3})?$/.test(text) ? text : undefined),
}
export const mime = matching(
  /^[a-z*]+\/[a-z0-9.+*-]+$/,
  'a media type such as image/jpeg, or image/* for all of a kind',
)
export const prefix = matching(/^\+[1-9]\d{0,14}$/, 'the beginning of a number with its +, such as "+33"')

export const secretRef: Notation<SecretRef> = {
  expected: 'a reference: secret:NAME or file:/absolute/path',
  parse: parseSecretRef,
}

/** Every notation by the word that the schemas use for it. */
export const NOTATIONS = new Map<string, Notation<unknown>>(
  Object.entries({
    duration,
    timeout,
    probation,
    size,
    rate,
    dailyRate,
    durationRange,
    cidr,
    url,
    origin,
    instant,
    serial,
    sanUri,
    name,
    email,
    number,
    prefix,
    parameter,
    header,
    place,
    region,
    language,
    mime,
    hours,
    quietSpans,
    timeZone,
    ip,
    moments,
    outcomes,
    secretRef,
  }),
)
