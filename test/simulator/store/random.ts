import { createHash } from 'node:crypto'

/**
 * The simulator's only chance: the same seed gives the same ids, jitter and choices. Keys are never made
 * from it.
 */
export type Random = {
  bytes(count: number): Buffer
  /** `count` bytes as upper-case hexadecimal, the form of WhatsApp's message ids. */
  hex(count: number): string
  /** A stream of its own, so that the order in which people act changes nothing for any of them. */
  of(name: string): Random
  /** A number from 0 up to, not including, 1. */
  fraction(): number
}

/** `salt` sets apart streams of one seed, so that a simulator started again does not repeat its ids. */
export function createRandom(seed: number, salt: string): Random {
  const streams = new Map<string, Random>()
  let counter = 0
  let pool = Buffer.alloc(0)
  const bytes = (count: number): Buffer => {
    while (pool.length < count) {
      const block = createHash('sha256').update(`${seed}|${salt}|${counter++}`).digest()
      pool = Buffer.concat([pool, block])
    }
    const taken = pool.subarray(0, count)
    pool = pool.subarray(count)
    return Buffer.from(taken)
  }
  return {
    bytes,
    of(name) {
      const stream = streams.get(name) ?? createRandom(seed, `${salt} of ${name}`)
      streams.set(name, stream)
      return stream
    },
    hex: count => bytes(count).toString('hex').toUpperCase(),
    fraction: () => bytes(4).readUInt32BE() / 2 ** 32,
  }
}
