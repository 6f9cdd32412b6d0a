import type { Log } from '../lib/log.ts'
import type { Endpoint } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import type { Endpoints } from './endpoints.ts'

export type BuryDeps = {
  readonly store: Store
  readonly endpoints: Endpoints
  readonly log: Log
  readonly now: () => Date
}

const EVERY_MS = 10 * 60_000
const REASON = 'the endpoint was disabled for as long as this delivery may wait'

/**
 * Lets die what a disabled endpoint is owed for longer than a delivery may wait, as it would have died at one that is
 * down: no queue grows for ever, and what died can still be replayed. Looks every ten minutes, however often it is called.
 */
export function createBurial({
  store,
  endpoints,
  log,
  now,
}: BuryDeps): (all: Iterable<Endpoint>) => Promise<void> {
  let lookedAtMs = Number.NEGATIVE_INFINITY
  return async all => {
    const at = now()
    if (at.getTime() - lookedAtMs < EVERY_MS) return
    lookedAtMs = at.getTime()
    for (const { name, retry } of all) {
      if (endpoints.get(name).disabled === undefined) continue
      const begunBefore = new Date(at.getTime() - retry.maxAgeMs)
      let [count, part] = [0, 0]
      do {
        part = await store.deliveries.bury({ endpoint: name, begunBefore, at, reason: REASON })
        count += part
      } while (part > 0)
      if (count > 0) log.warn('delivery.dead', { endpoint: name, count, reason: REASON })
    }
  }
}
