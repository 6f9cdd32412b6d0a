import { randomFillSync } from 'node:crypto'

/** Prefixes of our own identifiers; an id without one of them is somebody else's. */
export type IdPrefix = 'obx' | 'msg' | 'evt' | 'dlv' | 'dec' | 'med' | 'req'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford's base 32: no i, l, o, u
const TIME_DIGITS = 10

/**
 * A sortable identifier: 48 bits of milliseconds, then 80 random bits, as in ULID, in lower case behind a prefix
 * (`obx_01hf…`). Later ids compare greater, so an index on them stays append-only.
 */
export function newId(
  prefix: IdPrefix,
  at: Date = new Date(),
  random: (count: number) => Uint8Array = randomFromPool,
): string {
  let time = at.getTime()
  let digits = ''
  for (let i = 0; i < TIME_DIGITS; i++) {
    digits = ALPHABET.charAt(time % 32) + digits
    time = Math.floor(time / 32)
  }
  let noise = ''
  for (const byte of random(16)) noise += ALPHABET.charAt(byte & 31)
  return `${prefix}_${digits}${noise}`
}

/** When the id was made; undefined when it is none of this prefix. */
export function instantOfId(prefix: IdPrefix, id: string): Date | undefined {
  const digits = /^([a-z]+)_([0-9a-hjkmnp-tv-z]{10})[0-9a-hjkmnp-tv-z]{16}$/.exec(id)
  if (digits?.[1] !== prefix) return undefined
  let time = 0
  for (const digit of digits[2] ?? '') time = time * 32 + ALPHABET.indexOf(digit)
  return new Date(time)
}

const pool = Buffer.alloc(4_096)
let used = pool.length

/** Bytes of the system's generator, fetched many at a time: a single fetch costs more than the rest of an id. */
function randomFromPool(count: number): Uint8Array {
  if (used + count > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += count
  return pool.subarray(used - count, used)
}
