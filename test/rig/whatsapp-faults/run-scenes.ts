import { eventually, sleep } from '../../gateway/sandbox.ts'
import type { Appliance } from '../appliance/running.ts'
import { settle, type Verdict } from '../check/settle.ts'
import { type Api, createApi } from '../traffic/api.ts'
import { control, violationsOf } from '../traffic/people.ts'
import { startTraffic, type Traffic } from '../traffic/traffic.ts'
import type { Scene } from './scenes.ts'

export type SceneRun = Verdict & { readonly violations: readonly string[] }

const STRIKES_WITHIN_MS = 1_000
const OPEN_WITHIN_MS = 150_000
/** Deafness, and a log-in that nobody answers, take more than a minute to be noticed. */
const FLOWS_WITHIN_MS = 150_000
/** After so long a connection has held (app/whatsapp/connection/redial.ts), and the waits of the next fault are its own. */
const HOLDS_MS = 10_500

/** One fault after the other while messages flow; each must be over, the account open and messages flowing, before the next. */
export async function runScenes(
  appliance: Appliance,
  { scenes, perSecond }: { scenes: readonly Scene[]; perSecond: number },
): Promise<SceneRun> {
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
      const after = JSON.stringify(fault)
      const isBack = async () => (await isOpen(api)) && (await isConnected(admin))
      await eventually(`the account open after ${after}`, isBack, OPEN_WITHIN_MS)
      await sleep(HOLDS_MS)
      await eventually(`messages to flow after ${after}`, await flows(traffic), FLOWS_WITHIN_MS)
    }
    await traffic.end()
    // The simulator swaps and delays messages here on purpose: no order of theirs can be kept.
    const verdict = await settle(traffic, { ordered: false })
    return { ...verdict, violations: await violationsOf(admin) }
  } finally {
    traffic.close()
    api.close()
  }
}

async function isOpen(api: Api): Promise<true | undefined> {
  const answer = await api.call('/v1/accounts/main')
  return answer?.status === 200 && (answer.json as { state: string }).state === 'open' ? true : undefined
}

/** Answers true once the phones have a text that they do not have now, and the account one of theirs. */
async function flows({ witnesses }: Traffic): Promise<() => Promise<true | undefined>> {
  const ledgers = [() => witnesses.inboxes(), () => witnesses.eventsOf('message.received')]
  const counts = () => Promise.all(ledgers.map(async ledger => (await ledger()).entries.length))
  const before = await counts()
  return async () => ((await counts()).every((count, n) => count > (before[n] ?? 0)) ? true : undefined)
}

/** What the account has not noticed yet would let the next fault meet the log-in after it. */
async function isConnected(admin: string): Promise<true | undefined> {
  return (await control<{ connections: number }>(admin, '/stats')).connections > 0 ? true : undefined
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
