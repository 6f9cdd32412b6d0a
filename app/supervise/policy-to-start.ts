import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { readMasterKey } from '../config/master-key.ts'
import { readPolicyFolder } from '../config/policy-folder.ts'
import { PosternError } from '../lib/error.ts'
import { silentLog } from '../lib/log.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import { type Choice, choosePolicy, type Replaced } from '../reload/choice.ts'
import { examineDeps } from '../reload/examine/installation.ts'
import { createRecollection, type Recollection } from '../reload/examine/recollection.ts'
import { unprovenIn } from '../reload/probation/lives.ts'
import { openStore, storeExists } from '../store/open.ts'
import type { Store } from '../store/store.ts'

/** An app whose supervisor was killed is just being ended by its guard. */
const LOCKED_WITHIN_MS = 4_000
const ASK_EVERY_MS = 200

const INSTEAD: Readonly<Record<Replaced['why'], string>> = {
  pinned: 'the policy files are pinned; the policy in force before goes on (policy status)',
  deadly:
    'the app kept dying under the policy files; starting with the last known good policy (policy status)',
  rejected: 'DEGRADED: starting with the last known good policy, as it says itself',
}

/** The policy that the app is going to start with, so that Caddy starts with its part. Throws PosternError `policy.rejected`. */
export async function policyToStart(config: Config): Promise<PolicySnapshot> {
  const deps = { ...examineDeps(config), readFolder: () => readPolicyFolder(config.policiesDir) }
  const before = storeExists(config.dataDir) ? await openPatiently(config) : undefined
  try {
    const choice = await choosePolicy({ ...deps, ...before })
    tell(choice)
    return choice.snapshot
  } finally {
    await before?.store.close()
  }
}

/** Whether the app may have died of its policy: it has one to go back to, and does so by itself when it keeps dying. */
export async function mayGoBack(config: Config): Promise<boolean> {
  const { store } = await openPatiently(config)
  try {
    return (await unprovenIn(store.meta)) !== undefined
  } finally {
    await store.close()
  }
}

/** What there is of lives before. */
type Before = { readonly store: Store; readonly recollection: Recollection }

async function openPatiently(config: Config): Promise<Before> {
  const { key } = readMasterKey(config, true)
  const deadline = performance.now() + LOCKED_WITHIN_MS
  for (;;) {
    try {
      const store = await openStore({ dataDir: config.dataDir, key, now: () => new Date(), log: silentLog })
      return { store, recollection: createRecollection({ meta: store.meta, masterKey: key }) }
    } catch (error) {
      const isLocked = error instanceof PosternError && error.code === 'store.locked'
      if (!isLocked || performance.now() > deadline) throw error
      await sleep(ASK_EVERY_MS)
    }
  }
}

function tell({ inPlaceOf }: Choice): void {
  if (inPlaceOf === undefined) return
  if (inPlaceOf.why === 'rejected')
    console.error(`postern: the policy files have errors:\n${inPlaceOf.rejected.report}`)
  console.error(`postern: ${INSTEAD[inPlaceOf.why]}`)
}
