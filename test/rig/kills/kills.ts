import { sleep } from '../../gateway/sandbox.ts'
import type { Appliance } from '../appliance/running.ts'
import { settle, type Verdict } from '../check/settle.ts'
import { createApi } from '../traffic/api.ts'
import { violationsOf } from '../traffic/people.ts'
import { startTraffic } from '../traffic/traffic.ts'
import { killAndRecover, type Recovery } from './recovery.ts'

export type KillRun = Verdict & {
  readonly recoveries: readonly Recovery[]
  /** What WhatsApp's server had to object to, such as a message encrypted with a key that was used before. */
  readonly violations: readonly string[]
}

export type KillOptions = {
  readonly kills: number
  /** Messages in each direction. */
  readonly perSecond: number
  /** The types of events that the receiver is told of; all when absent. */
  readonly told?: readonly string[] | undefined
  readonly random: () => number
  readonly onRecovery?: (recovery: Recovery) => void
}

const LIFE_MS = { least: 50, most: 2_000 }

/** Kills the app so many times, each 50 to 2 000 ms after it had come back, while messages flow; then compares the ledgers. */
export async function runKills(
  appliance: Appliance,
  { kills, perSecond, told, random, onRecovery }: KillOptions,
): Promise<KillRun> {
  const { admin } = appliance.endpoints().simulator
  const api = createApi(appliance.endpoints())
  const traffic = await startTraffic({
    endpoints: appliance.endpoints(),
    perSecond,
    ...(told === undefined ? {} : { told }),
  })
  const recoveries: Recovery[] = []
  try {
    for (let n = 0; n < kills; n++) {
      await sleep(LIFE_MS.least + random() * (LIFE_MS.most - LIFE_MS.least))
      const recovery = await killAndRecover(appliance, api)
      recoveries.push(recovery)
      onRecovery?.(recovery)
    }
    await traffic.end()
    const verdict = await settle(traffic)
    return { ...verdict, recoveries, violations: await violationsOf(admin) }
  } finally {
    traffic.close()
    api.close()
  }
}
