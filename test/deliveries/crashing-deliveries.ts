import { readFileSync } from 'node:fs'
import { createEndpoints } from '../../app/deliveries/endpoints.ts'
import { createRouter } from '../../app/deliveries/fan-out.ts'
import { createDeliveryWorker } from '../../app/deliveries/worker.ts'
import { createEgress } from '../../app/egress/connector.ts'
import { silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import { openStore } from '../../app/store/open.ts'
import { eventually } from '../outbox/world.ts'
import { CONTACT_KEY, EVENT, endpointOf, policyOf, SIGNING_SECRET } from './samples.ts'

/*
 * A delivery worker in a process of its own, for the test that kills it: `crashing-deliveries.ts DATA URL CA-FILE`. The
 * first start stores one event; each start ends when everything is delivered.
 */
const [, , dataDir = '', url = '', caFile = ''] = process.argv
const now = () => new Date()
const store = await openStore({ dataDir, key: new Secret(Buffer.alloc(32, 3)), now, log: silentLog })
const policy = () => policyOf(endpointOf({ url, caRef: 'secret:ca', order: 'per-chat' }))
const list = async (status: 'pending' | 'delivered') =>
  (await store.deliveries.list({ status, limit: 10 })).items

if ((await list('pending')).length === 0) {
  const { type, data, account = '', chat = '' } = EVENT
  await store.events.append({ events: [createRouter({ policy, now })({ type, data, account, chat })] })
}
const egress = createEgress({ now })
const readSecret = (ref: string) => new Secret(ref === 'secret:ca' ? readFileSync(caFile) : SIGNING_SECRET)
const route = createRouter({ policy, now })
const endpoints = createEndpoints({ store, route, log: silentLog, now, random: Math.random })
const deps = {
  store,
  endpoints,
  egress,
  policy,
  readSecret,
  contactKey: CONTACT_KEY,
  log: silentLog,
  now,
  random: Math.random,
}
const worker = createDeliveryWorker(deps)
await worker.start()
await eventually(
  async () => ((await list('delivered')).length === 1 ? true : undefined),
  'the delivery',
  20_000,
)
await worker.stop()
await egress.close()
await store.close()
