import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEndpoints, type Endpoints } from '../../app/deliveries/endpoints.ts'
import { createRouter } from '../../app/deliveries/fan-out.ts'
import { createDeliveryWorker, type DeliveryWorker } from '../../app/deliveries/worker.ts'
import { createEgress } from '../../app/egress/connector.ts'
import { silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import type { NewEvent } from '../../app/model/event.ts'
import type { Endpoint, PolicyInForce } from '../../app/policy/snapshot.ts'
import type { Delivery, DeliveryStatus } from '../../app/store/deliveries.ts'
import type { EndpointHealth } from '../../app/store/endpoints.ts'
import type { Store } from '../../app/store/store.ts'
import { afterwards } from '../helpers/afterwards.ts'
import { eventually, openTestStore } from '../outbox/world.ts'
import type { Receipt } from '../sandbox/ledger.ts'
import { type RunningReceiver, startReceiver } from '../sandbox/running-receiver.ts'
import { CONTACT_KEY, endpointOf, policyOf, SIGNING_SECRET } from './samples.ts'

/** The real worker on a real store, posting to the real receiver, with a clock that can be put forward. */
export class DeliveryWorld {
  readonly store: Store
  readonly receiver: RunningReceiver
  readonly endpoint: Endpoint
  endpoints: readonly Endpoint[]
  worker: DeliveryWorker | undefined
  /** Of the worker that was started last. */
  states: Endpoints | undefined
  #aheadMs = 0

  constructor(store: Store, receiver: RunningReceiver, endpoint: Partial<Endpoint>) {
    this.store = store
    this.receiver = receiver
    this.endpoint = endpointOf({ url: receiver.url, caRef: 'secret:ca', ...endpoint })
    this.endpoints = [this.endpoint]
  }

  now = (): Date => new Date(Date.now() + this.#aheadMs)
  policy = (): PolicyInForce => policyOf(...this.endpoints)

  /** What the worker knows of the endpoint. */
  health(): EndpointHealth | undefined {
    return this.states?.get(this.endpoint.name)
  }

  /** Moves the clock and lets the worker look at it, as its timer would. */
  putForward(ms: number): void {
    this.#aheadMs += ms
    this.worker?.wake()
  }

  async startWorker(t: TestContext): Promise<DeliveryWorker> {
    const { store, policy, now } = this
    const egress = createEgress({ now })
    const readSecret = (ref: string) => new Secret(ref === 'secret:ca' ? this.receiver.ca : SIGNING_SECRET)
    const base = { store, log: silentLog, now, random: () => 0.5 }
    this.states = createEndpoints({ ...base, route: createRouter({ policy, now }) })
    const deps = {
      ...base,
      endpoints: this.states,
      egress,
      policy,
      readSecret,
      contactKey: CONTACT_KEY,
    }
    const worker = createDeliveryWorker(deps)
    afterwards(t, async () => {
      await worker.stop()
      await egress.close()
    })
    this.worker = worker
    await worker.start()
    return worker
  }

  /** Lets a message be received, with its event and deliveries stored. */
  async happen({ text, chat = '+12025550199' }: { text: string; chat?: string }): Promise<NewEvent> {
    const route = createRouter({ policy: this.policy, now: this.now })
    const event = route({
      type: 'message.received',
      account: 'main',
      chat,
      data: { chat, type: 'text', text: { body: text } },
    })
    await this.store.events.append({ events: [event] })
    return event
  }

  /** What the receiver has, once it has that many. */
  async received(count: number): Promise<readonly Receipt[]> {
    return await eventually(async () => {
      const receipts = await this.receiver.deliveries()
      return receipts.length >= count ? receipts : undefined
    }, `${count} webhooks`)
  }

  /** Fails when more than `count` have arrived a while from now. */
  async quiet(count: number): Promise<void> {
    await sleep(150)
    const { length } = await this.receiver.deliveries()
    if (length !== count) throw new Error(`expected ${count} webhooks, got ${length}`)
  }

  async texts(): Promise<readonly string[]> {
    return (await this.receiver.deliveries()).map(
      receipt => JSON.parse(receipt.body).data.text.body as string,
    )
  }

  /** Pending deliveries, once one has had that many attempts. */
  async attempted(count: number): Promise<readonly Delivery[]> {
    return await this.#deliveries('pending', deliveries =>
      deliveries.some(entry => entry.attempts.length === count),
    )
  }

  async settled(status: DeliveryStatus, count: number): Promise<readonly Delivery[]> {
    return await this.#deliveries(status, deliveries => deliveries.length >= count)
  }

  async #deliveries(
    status: DeliveryStatus,
    enough: (found: readonly Delivery[]) => boolean,
  ): Promise<readonly Delivery[]> {
    return await eventually(async () => {
      const { items } = await this.store.deliveries.list({ status, limit: 100 })
      return enough(items) ? items : undefined
    }, `deliveries to be ${status}`)
  }
}

export async function createDeliveryWorld(
  t: TestContext,
  endpoint: Partial<Endpoint> = {},
): Promise<DeliveryWorld> {
  return new DeliveryWorld(await openTestStore(t), await startReceiver(t), endpoint)
}
