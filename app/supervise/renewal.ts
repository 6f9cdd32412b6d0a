import type { Config } from '../config/config.ts'
import { renewHop } from '../identity/pki/ensure.ts'
import { reasonOf } from '../lib/error.ts'
import { Pump, type PumpDeps } from '../lib/pump.ts'

export type RenewalDeps = Pick<PumpDeps, 'after'> & {
  readonly config: Pick<Config, 'secretsDir' | 'pkiDir'>
  readonly now: () => Date
  readonly tell: (sentence: string) => void
}

export type Renewal = { start(): void; stop(): Promise<void> }

const LOOK_EVERY_MS = 12 * 60 * 60 * 1_000

/**
 * Renews both ends of the hop while an appliance runs on and on: nobody else would before they expire. The app sees that
 * they are others, and has Caddy read them.
 */
export function createRenewal({ config, now, tell, after }: RenewalDeps): Renewal {
  const pump = new Pump({
    async round() {
      try {
        for (const what of await renewHop(config, now())) tell(`renewed the ${what}`)
      } catch (error) {
        tell(`the certificates of the hop cannot be renewed: ${reasonOf(error)}`)
      }
      return LOOK_EVERY_MS
    },
    onError: error => tell(reasonOf(error)),
    ...(after && { after }),
  })
  return { start: () => pump.wake(), stop: () => pump.stop() }
}
