import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import type { Limiter } from '../policy/limiter.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { Store } from './store.ts'

export type LimitKeeperDeps = {
  readonly store: Pick<Store, 'limits'>
  readonly limiter: Limiter
  readonly policy: () => PolicyInForce
  readonly log: Log
  readonly now: () => Date
}

export type LimitKeeper = {
  /** Takes over what the last run left, then follows. */
  start(): Promise<void>
  /** Writes now what has changed: what is stored right after is on the disk no sooner than this. */
  keep(): void
  stop(): Promise<void>
}

/** What requests take is gathered for so long, so that a limit costs them no wait for the disk. */
const GATHER_MS = 200

/**
 * Keeps the buckets of the limits across restarts. A message's tokens are written with the message; what requests and
 * failed log-ins take follows within 200 ms, which is all that a crash can give back.
 */
export function createLimitKeeper({ store, limiter, policy, log, now }: LimitKeeperDeps): LimitKeeper {
  let timer: NodeJS.Timeout | undefined
  let last: Promise<void> = Promise.resolve()

  async function write(): Promise<void> {
    const states = limiter.buckets.changes(now().getTime())
    if (states.length === 0) return
    try {
      await store.limits.put(states)
    } catch (error) {
      log.error('limits.not_kept', { reason: reasonOf(error) })
    }
  }

  function keep(): void {
    clearTimeout(timer)
    timer = undefined
    last = Promise.all([last, write()]).then(() => {})
  }

  return {
    async start() {
      limiter.buckets.restore(await store.limits.list(), policy().snapshot.limits)
      limiter.buckets.onChange(() => {
        timer ??= setTimeout(keep, GATHER_MS)
      })
    },
    keep,
    async stop() {
      keep()
      await last
    },
  }
}
