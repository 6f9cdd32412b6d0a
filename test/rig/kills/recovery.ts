import { sleep } from '../../gateway/sandbox.ts'
import type { Appliance } from '../appliance/running.ts'
import type { Api } from '../traffic/api.ts'

/** From the kill: until the api answered again, and until the account was open again. */
export type Recovery = { readonly acceptingMs: number; readonly openMs: number }

const WITHIN_MS = 60_000
const ASK_EVERY_MS = 10

/** `kill -9` of the app, then waits until it is back. Throws when it is not within a minute. */
export async function killAndRecover(appliance: Appliance, api: Api): Promise<Recovery> {
  const pid = appliance.appPid()
  const killedAt = performance.now()
  process.kill(pid, 'SIGKILL')
  let acceptingMs: number | undefined
  for (;;) {
    const answer = await api.call('/v1/accounts/main', { timeoutMs: 5_000 })
    const afterMs = performance.now() - killedAt
    if (answer?.status === 200) acceptingMs ??= afterMs
    const isOpen = answer?.status === 200 && (answer.json as { state: string }).state === 'open'
    if (isOpen && acceptingMs !== undefined && appliance.appPid() !== pid)
      return { acceptingMs, openMs: afterMs }
    if (afterMs > WITHIN_MS)
      throw new Error(`not back within a minute of the kill:\n${appliance.log().slice(-4_000)}`)
    await sleep(ASK_EVERY_MS)
  }
}
