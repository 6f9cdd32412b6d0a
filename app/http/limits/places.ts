import { remember } from './bounded.ts'

export type PlaceTimes = {
  /** For a place of an address of which nothing good is known; the hash of a password takes a tenth of it, on a slow machine. */
  readonly heldMs: number
  /** For one whose last password was right: Caddy remembers it and hashes nothing. */
  readonly knownMs: number
  readonly waitMs: number
}

export type Guess = { readonly gone: AbortSignal; readonly onLost: () => void }

export type Places = {
  /** Waits for a place of this address. False when none became free in time, or the caller has gone. */
  take(address: string, guess: Guess): Promise<boolean>
  /** Gives the longest held place of the address back. */
  leave(address: string, outcome: 'right' | 'wrong' | 'not-judged'): void
}

export const PLACE_TIMES: PlaceTimes = { heldMs: 5_000, knownMs: 2_000, waitMs: 10_000 }

/** Each hash costs Caddy 7 MiB, or what the policy's own file says: in all this many at a time. */
const AT_ONCE = 8
/** Of these, so that strangers who give theirs up cannot stand in the way of those whose password was right. */
const STRANGERS_AT_ONCE = 6
/** For one address whose password was right: what its browser asks at once is served without a hash. Strangers get one. */
const KNOWN_AT_ONCE = 4
/** Ten tabs of a browser ask for a page each. */
const WAITING_AT_ONCE = 200

type Waiting = { readonly address: string; readonly onLost: () => void; readonly enter: () => void }

/**
 * The places in which passwords are judged. A place of which nothing is heard is given up after a while, and `onLost` is told.
 * Where the last password of the address was right, that costs it only its good name, until the next right one: a browser whose
 * page is reloaded takes back what it has asked for.
 */
export function createPlaces({ heldMs, knownMs, waitMs }: PlaceTimes = PLACE_TIMES): Places {
  const held = new Map<string, readonly NodeJS.Timeout[]>()
  const known = new Map<string, true>()
  const waiting = new Set<Waiting>()
  let taken = 0

  async function take(address: string, { gone, onLost }: Guess): Promise<boolean> {
    if (gone.aborted || [...waiting].filter(one => one.address === address).length >= WAITING_AT_ONCE)
      return false
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const one = { address, onLost, enter: () => resolve(true) }
    const giveUp = () => {
      waiting.delete(one)
      resolve(false)
    }
    const timer = setTimeout(giveUp, waitMs).unref()
    gone.addEventListener('abort', giveUp)
    waiting.add(one)
    letIn()
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      gone.removeEventListener('abort', giveUp)
    }
  }

  /** In turn, but for those whose address has its share. */
  function letIn(): void {
    for (const one of waiting) {
      const [inAll, each] = known.has(one.address) ? [AT_ONCE, KNOWN_AT_ONCE] : [STRANGERS_AT_ONCE, 1]
      if (taken >= inAll || (held.get(one.address)?.length ?? 0) >= each) continue
      waiting.delete(one)
      hold(one)
      one.enter()
    }
  }

  function hold({ address, onLost }: Waiting): void {
    const isKnown = known.has(address)
    const giveUp = () => {
      if (isKnown) known.delete(address)
      else onLost()
      free(address, timer)
    }
    const timer = setTimeout(giveUp, isKnown ? knownMs : heldMs).unref()
    taken += 1
    held.set(address, [...(held.get(address) ?? []), timer])
  }

  function free(address: string, timer: NodeJS.Timeout): void {
    clearTimeout(timer)
    const others = (held.get(address) ?? []).filter(other => other !== timer)
    if (others.length === 0) held.delete(address)
    else held.set(address, others)
    taken -= 1
    letIn()
  }

  function leave(address: string, outcome: 'right' | 'wrong' | 'not-judged'): void {
    if (outcome === 'right') remember(known, address, true)
    if (outcome === 'wrong') known.delete(address)
    const longest = held.get(address)?.[0]
    if (longest !== undefined) free(address, longest)
  }

  return { take, leave }
}
