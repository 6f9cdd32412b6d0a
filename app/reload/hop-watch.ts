import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import { Pump } from '../lib/pump.ts'

export type HopWatchDeps = {
  readonly hop: { areNewer(): boolean }
  /** Has the edge side load what is in force once more, and the app take up what it reads with that. */
  readonly agreeWithEdge: () => void
  readonly log: Log
  /** Between two looks; a minute when absent. */
  readonly everyMs?: number
}

export type HopWatch = { start(): void; stop(): Promise<void> }

const EVERY_MS = 60_000

/** Puts renewed certificates of the hop in force on both of its ends, whoever renewed them, without a restart. */
export function createHopWatch({ hop, agreeWithEdge, log, everyMs = EVERY_MS }: HopWatchDeps): HopWatch {
  const pump = new Pump({
    async round() {
      if (hop.areNewer()) {
        log.info('hop.renewed')
        agreeWithEdge()
      }
      return everyMs
    },
    onError: error => log.error('hop.watch_failed', { reason: reasonOf(error) }),
  })
  return { start: () => pump.wake(), stop: () => pump.stop() }
}
