import { eventually, sleep } from '../../gateway/sandbox.ts'
import type { Appliance } from '../appliance/running.ts'
import { settle, type Verdict } from '../check/settle.ts'
import { type Api, createApi } from '../traffic/api.ts'
import { control } from '../traffic/people.ts'
import { startTraffic } from '../traffic/traffic.ts'
import type { Scene } from './scenes.ts'

const STRIKES_WITHIN_MS = 1_000
const OPEN_WITHIN_MS = 150_000

/** One fault after the other while messages flow; each must be over, with the account open, before the next. */
export async function runScenes(
  appliance: Appliance,
  { scenes, perSecond }: { scenes: readonly Scene[]; perSecond: number },
): Promise<Verdict> {
  const endpoints = appliance.endpoints()
  const { admin } = endpoints.simulator
  const account = endpoints.accounts.main?.phone
  const api = createApi(endpoints)
  const traffic = await startTraffic({ endpoints, perSecond, chats: 5 })
  try {
    for (const { fault, person } of scenes) {
      await sleep(STRIKES_WITHIN_MS)
      await control(admin, '/faults', { account, ...fault })
      await sleep(STRIKES_WITHIN_MS)
      if (person === 'restart') await restart(api)
      await eventually(`the account open after ${JSON.stringify(fault)}`, () => isOpen(api), OPEN_WITHIN_MS)
    }
    await traffic.end()
    // The simulator swaps and delays messages here on purpose: no order of theirs can be kept.
    return await settle(traffic, { ordered: false })
  } finally {
    traffic.close()
    api.close()
  }
}

async function isOpen(api: Api): Promise<true | undefined> {
  const answer = await api.call('/v1/accounts/main')
  return answer?.status === 200 && (answer.json as { state: string }).state === 'open' ? true : undefined
}

/** Another connection has taken over; that the account stays away until a person wants it back is as it should be. */
async function restart(api: Api): Promise<void> {
  await eventually('the account to say that it is closed', async () => {
    const answer = await api.call('/v1/accounts/main')
    return (answer?.json as { state?: string } | undefined)?.state === 'open' ? undefined : true
  })
  const answer = await api.call('/v1/accounts/main/restart', { body: {} })
  if (answer === undefined || answer.status >= 300) throw new Error(`restart answered ${answer?.status}`)
}
