import { sleep } from '../../gateway/sandbox.ts'
import { lives, type Plan, plan } from '../appliance/launcher.ts'
import type { Appliance } from '../appliance/running.ts'
import { settle, type Verdict } from '../check/settle.ts'
import { startTraffic } from '../traffic/traffic.ts'
import { gesture } from './gestures.ts'

export type PointRun = Verdict & {
  /** Points at which the app did not die, because it never came there. */
  readonly unreached: readonly string[]
  readonly kills: number
}

const WITHIN_MS = 120_000
const ASK_EVERY_MS = 50

/** Lets the app die at each point of each plan, one life after the other, while messages flow; then compares the ledgers. */
export async function killAtPoints(
  appliance: Appliance,
  { plans, perSecond }: { plans: readonly Plan[]; perSecond: number },
): Promise<PointRun> {
  const { simulator, accounts } = appliance.endpoints()
  const traffic = await startTraffic({ endpoints: appliance.endpoints(), perSecond, chats: 5 })
  const ending = new AbortController()
  const scene = { admin: simulator.admin, account: accounts.main?.phone ?? '', numbers: traffic.numbers }
  const gestures = gesture({ ...scene, ending: ending.signal })
  gestures.catch(() => {}) // told below
  const unreached: string[] = []
  try {
    const before = lives(appliance.folder).length
    plan(appliance.folder, plans)
    process.kill(appliance.appPid(), 'SIGKILL') // the life that has no plan makes room for those that have
    for (const [n, wanted] of plans.entries()) {
      if (!(await diesThere(appliance.folder, before + n))) unreached.push(`${wanted.point} ${wanted.hit}`)
    }
    ending.abort()
    await gestures
    await traffic.end()
    return { ...(await settle(traffic)), unreached, kills: plans.length - unreached.length }
  } finally {
    ending.abort()
    traffic.close()
  }
}

/** Waits for a life to begin and to end. One that does not come to its point is ended by us. */
async function diesThere(folder: string, n: number): Promise<boolean> {
  const life = await until(() => lives(folder)[n])
  if (life === undefined) throw new Error('the app was not started again')
  if ((await until(() => (isAlive(life.pid) ? undefined : true))) === true) return true
  process.kill(life.pid, 'SIGKILL')
  return false
}

async function until<T>(look: () => T | undefined): Promise<T | undefined> {
  const deadline = Date.now() + WITHIN_MS
  for (;;) {
    const found = look()
    if (found !== undefined || Date.now() > deadline) return found
    await sleep(ASK_EVERY_MS)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
