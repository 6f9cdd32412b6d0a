import { toNumber } from '@whiskeysockets/baileys'

/** A number of 64 bits, as the library reads it. */
export type Number64 = Parameters<typeof toNumber>[0]

const SECOND_MS = 1_000
/** RFC 3339 writes no later year, and many who read our events know none. */
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** The instant that somebody else names by milliseconds since 1970; undefined for none, and for what is on no calendar. */
export function instantOfMs(ms: Number64): Date | undefined {
  const at = toNumber(ms)
  return at > 0 && at <= LAST_MS ? new Date(at) : undefined
}

/** The same by seconds, which a stanza says in words. */
export function instantOfSeconds(seconds: Number64 | string): Date | undefined {
  return instantOfMs((typeof seconds === 'string' ? Number(seconds) : toNumber(seconds)) * SECOND_MS)
}

/** How many somebody says there are of something; undefined for what is no number of things. */
export function countOf(given: Number64 | string): number | undefined {
  const count = typeof given === 'string' ? Number(given) : toNumber(given)
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined
}
