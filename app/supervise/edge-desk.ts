import { reasonOf } from '../lib/error.ts'
import { Pump } from '../lib/pump.ts'
import { type EdgeDeps, reloadEdge, waitingParts } from './edge.ts'

/** Where the app's requests to the edge are answered. */
export type EdgeDesk = { open(): void; close(): Promise<void> }

const LOOK_EVERY_MS = 200

/** The edge side's half of the agreement: each part that the app leaves in `edge/next` is given to Caddy, and answered. */
export function createEdgeDesk(deps: EdgeDeps, tell: (sentence: string) => void): EdgeDesk {
  const pump = new Pump({
    async round() {
      for (const digest of waitingParts(deps.config)) {
        const result = await reloadEdge(deps, digest)
        if (!result.ok) tell(`Caddy refuses the edge of a policy: ${result.error}`)
      }
      return LOOK_EVERY_MS
    },
    onError: error => tell(`the edge cannot be reloaded: ${reasonOf(error)}`),
  })
  return { open: () => pump.wake(), close: () => pump.stop() }
}
