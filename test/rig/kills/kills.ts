import { sleep } from '../../gateway/sandbox.ts'
import type { Appliance } from '../appliance/running.ts'
import { settle, type Verdict } from '../check/settle.ts'
import { createApi } from '../traffic/api.ts'
import { violationsOf } from '../traffic/people.ts'
import { startTraffic, type Traffic } from '../traffic/traffic.ts'
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
  /** After each round, with what has been compared so far and all recoveries. */
  readonly onRound?: (verdict: Verdict, recoveries: readonly Recovery[]) => void
}

const LIFE_MS = { least: 50, most: 2_000 }
/**
 * So many kills, then a rest until everything has come to its end and the ledgers are compared. One second of life cannot work
 * off four seconds of traffic: over a thousand kills in one go the backlog would grow until the run is about nothing else.
 */
const ROUND = 100

/**
 * Kills the app so many times, each 50 to 2 000 ms after it had come back, while messages flow; compares the ledgers after
 * each hundred and at the end, and ends early when they differ.
 */
export async function runKills(appliance: Appliance, options: KillOptions): Promise<KillRun> {
  const { kills, perSecond, told, onRound } = options
  const { admin } = appliance.endpoints().simulator
  const traffic = await startTraffic({
    endpoints: appliance.endpoints(),
    perSecond,
    ...(told === undefined ? {} : { told }),
  })
  const recoveries: Recovery[] = []
  try {
    for (;;) {
      const before = promisedBy(traffic)
      await killTimes(Math.min(ROUND, kills - recoveries.length), appliance, { ...options, recoveries })
      await traffic.end()
      if (promisedBy(traffic).some((count, side) => count === before[side]))
        throw new Error(`no messages flowed one way before kill ${recoveries.length}`)
      const verdict = await settle(traffic)
      onRound?.(verdict, recoveries)
      if (recoveries.length >= kills || verdict.faults.length > 0)
        return { ...verdict, recoveries, violations: await violationsOf(admin) }
      traffic.resume()
    }
  } finally {
    traffic.close()
  }
}

/** How many messages there are in each direction so far. */
function promisedBy({ accepted, written }: Traffic): readonly number[] {
  return [accepted, written].map(({ entries }) => entries.length)
}

async function killTimes(
  times: number,
  appliance: Appliance,
  { random, recoveries }: Pick<KillOptions, 'random'> & { readonly recoveries: Recovery[] },
): Promise<void> {
  const api = createApi(appliance.endpoints())
  try {
    for (let n = 0; n < times; n++) {
      await sleep(LIFE_MS.least + random() * (LIFE_MS.most - LIFE_MS.least))
      recoveries.push(await killAndRecover(appliance, api))
    }
  } finally {
    api.close()
  }
}
