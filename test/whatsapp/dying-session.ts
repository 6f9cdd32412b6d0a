import { subscribe } from 'node:diagnostics_channel'
import { Secret } from '../../app/lib/secret.ts'
import type { Step } from '../../app/lib/step.ts'
import type { Store } from '../../app/store/store.ts'
import { startParts } from './rig.ts'

/** What this process is given, as JSON: the account's place, where to die, and whether the journal keeps anything. */
export type Orders = {
  readonly dataDir: string
  /** Base64. */
  readonly key: string
  readonly url: string
  /** Base64. */
  readonly noiseRoot: string
  readonly point: string
  readonly forgetful: boolean
}

/** A journal that keeps the keys and nothing else, as if there were none. */
function forgetful(store: Store): Store {
  const journal: Store['journal'] = {
    ...store.journal,
    async add({ account }, keys) {
      if (keys !== undefined) await store.signalKeys.set(account, keys.changes, keys.chain)
      return 1
    },
  }
  return { ...store, journal }
}

// A session in a process of its own, which the kernel ends at a named point as it would end any.
const orders = JSON.parse(process.argv[2] ?? '') as Orders
subscribe('postern:step', message => {
  if ((message as Step).point === orders.point) process.kill(process.pid, 'SIGKILL')
})
const place = {
  dataDir: orders.dataDir,
  key: new Secret(Buffer.from(orders.key, 'base64')),
  simulator: { url: orders.url, noiseRoot: Buffer.from(orders.noiseRoot, 'base64') },
}
const { sessions } = await startParts(place, orders.forgetful ? { store: forgetful } : {})
while (sessions.get('main')?.state !== 'open') await new Promise(resolve => setTimeout(resolve, 20))
process.stdout.write('open\n')
