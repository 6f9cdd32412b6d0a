import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import { Pump } from '../lib/pump.ts'
import type { PolicyInForce, Retention } from '../policy/snapshot.ts'
import { SWEPT, type Swept } from './retention.ts'
import type { Store } from './store.ts'

export type SweeperDeps = {
  readonly store: Pick<Store, 'retention'>
  readonly policy: () => PolicyInForce
  /** Removes files of media from the disk. */
  readonly dropFiles: (names: readonly string[]) => Promise<void>
  readonly log: Log
  readonly now: () => Date
}

export type Sweeper = {
  /** Sweeps now, and every ten minutes. */
  start(): void
  /** Sweeps now: other times may be in force. */
  wake(): void
  /** Ends with the stretch under way. */
  stop(): Promise<void>
}

const EVERY_MS = 10 * 60_000
/** Between two stretches, so that a large sweep leaves the disk to others. */
const PAUSE_MS = 20

/** Decisions say whom messages went to, so they go with the messages, and after a week at the latest. */
const DECISIONS_MS = 7 * 24 * 60 * 60_000

/** Removes what the policy in force keeps no longer. */
export function createSweeper(deps: SweeperDeps): Sweeper {
  const stopping = new AbortController()
  const pump = new Pump({
    async round() {
      await sweepOnce(deps, stopping.signal)
      return EVERY_MS
    },
    onError: error => deps.log.error('retention.failed', { reason: reasonOf(error) }),
  })
  return {
    start: () => pump.wake(),
    wake: () => pump.wake(),
    async stop() {
      stopping.abort()
      await pump.stop()
    },
  }
}

/** One whole sweep under the policy of this moment. */
export async function sweepOnce(deps: SweeperDeps, stopping: AbortSignal): Promise<void> {
  const ages = agesOf(deps.policy().snapshot.retention)
  for (const what of SWEPT) {
    const ageMs = ages[what]
    if (ageMs === undefined) continue
    const at = deps.now()
    const before = new Date(at.getTime() - ageMs)
    let from: readonly [number, number] | null = [0, 0]
    let removed = 0
    while (from !== null && !stopping.aborted) {
      const answer = await deps.store.retention.sweep({ what, before, from, at })
      removed += answer.removed
      await deps.dropFiles(answer.files ?? [])
      from = answer.next
      if (from !== null) await sleep(PAUSE_MS, undefined, { signal: stopping }).catch(() => {})
    }
    if (removed > 0)
      deps.log.info('retention.removed', { what, count: removed, before: before.toISOString() })
  }
}

/** Events say what messages said, and files are what they said, so they go with the bodies. */
function agesOf({
  bodyMs,
  metadataMs,
  mediaMs,
  deliveredMs,
  deadMs,
}: Retention): Readonly<Record<Swept, number | undefined>> {
  return {
    bodies: bodyMs,
    messages: metadataMs,
    delivered: deliveredMs,
    dead: deadMs,
    events: bodyMs ?? metadataMs,
    decisions: Math.min(metadataMs ?? DECISIONS_MS, DECISIONS_MS),
    media: mediaMs ?? bodyMs ?? metadataMs,
  }
}
