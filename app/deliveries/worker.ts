import type { Backoff } from '../lib/backoff.ts'
import { reasonOf } from '../lib/error.ts'
import { insist } from '../lib/insist.ts'
import type { Log } from '../lib/log.ts'
import { Pump } from '../lib/pump.ts'
import type { Secret } from '../lib/secret.ts'
import type { Egress } from '../model/egress-port.ts'
import type { Endpoint, PolicyInForce } from '../policy/snapshot.ts'
import type { Attempt, Delivery, DeliverySettlement } from '../store/deliveries.ts'
import type { Store } from '../store/store.ts'
import { attempt, type Outcome } from './attempt.ts'

export type DeliveryWorkerDeps = {
  readonly store: Store
  readonly egress: Egress
  readonly policy: () => PolicyInForce
  readonly readSecret: (ref: string) => Secret
  /** Keys the hashes of `payload.contact: hash`; the same for the life of an installation. */
  readonly contactKey: Secret
  readonly log: Log
  readonly now: () => Date
  readonly random: () => number
  /** How long `stop` waits for answers under way; 10 s when absent. */
  readonly stopWaitMs?: number
}

/** Also looked for when nothing woke it: an endpoint that a new policy brought. */
const SWEEP_MS = 30_000
/** Nothing falls due more often than this, so that a clock which steps back cannot make it spin. */
const MIN_WAIT_MS = 10
const STOP_WAIT_MS = 10_000
const SETTLE_BACKOFF: Backoff = { baseMs: 500, maxMs: 30_000 }

/** The worker that posts deliveries; nothing happens before `start`. */
export function createDeliveryWorker(deps: DeliveryWorkerDeps): DeliveryWorker {
  return new DeliveryWorker(deps)
}

/**
 * Posts what is owed to endpoints, each endpoint up to its `concurrency` at once. What is owed to an endpoint that the
 * policy no longer names stays pending and untouched; it leaves when the name comes back.
 */
export class DeliveryWorker {
  readonly #deps: DeliveryWorkerDeps
  readonly #pump: Pump
  readonly #underWay = new Map<string, Set<Promise<void>>>()
  readonly #stopping = new AbortController()
  #unsubscribe: () => void = () => {}

  constructor(deps: DeliveryWorkerDeps) {
    this.#deps = deps
    this.#pump = new Pump({
      round: () => this.#round(),
      onError: error => deps.log.error('delivery.round_failed', { reason: reasonOf(error) }),
    })
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#deps.store.onCommit(topics => {
      if (topics.has('deliveries')) this.wake()
    })
    this.wake()
  }

  /** Looks at once; for whoever puts a new policy in force. */
  wake(): void {
    this.#pump.wake()
  }

  /** Takes nothing more and waits a while for answers under way; what has none by then is posted again after the next start. */
  async stop(): Promise<void> {
    this.#unsubscribe()
    await this.#pump.stop()
    const rest = [...this.#underWay.values()].flatMap(set => [...set])
    const { promise: patience, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, this.#deps.stopWaitMs ?? STOP_WAIT_MS)
    await Promise.race([Promise.all(rest), patience])
    clearTimeout(timer)
    this.#stopping.abort()
  }

  async #round(): Promise<number> {
    const { store, now, policy } = this.#deps
    const { endpoints } = policy().snapshot
    const free = this.#free(endpoints.values())
    const claimed = free.size === 0 ? [] : await store.deliveries.claim({ free, now: now() })
    for (const delivery of claimed) {
      const endpoint = endpoints.get(delivery.endpoint)
      if (endpoint !== undefined) this.#track(endpoint.name, this.#deliver(delivery, endpoint))
    }
    const open = [...this.#free(endpoints.values()).keys()]
    const dueAt = open.length === 0 ? undefined : await store.deliveries.nextDueAt(open)
    if (dueAt === undefined) return SWEEP_MS
    return Math.min(SWEEP_MS, Math.max(MIN_WAIT_MS, dueAt.getTime() - now().getTime()))
  }

  #free(endpoints: Iterable<Endpoint>): ReadonlyMap<string, number> {
    const free = new Map<string, number>()
    for (const { name, concurrency } of endpoints) {
      const count = concurrency - (this.#underWay.get(name)?.size ?? 0)
      if (count > 0) free.set(name, count)
    }
    return free
  }

  #track(endpoint: string, work: Promise<void>): void {
    const set = this.#underWay.get(endpoint) ?? new Set()
    this.#underWay.set(endpoint, set)
    const tracked = work.finally(() => {
      set.delete(tracked)
      this.wake()
    })
    set.add(tracked)
  }

  async #deliver(delivery: Delivery, endpoint: Endpoint): Promise<void> {
    const { store, policy, log, now, random } = this.#deps
    const startedAt = now()
    const outcome = await attempt(delivery, endpoint, { ...this.#deps, revision: policy().revision })
    const settlement = settlementOf(outcome, startedAt, now())
    this.#report(delivery, outcome)
    await insist(() => store.deliveries.settle(delivery.id, settlement), {
      backoff: SETTLE_BACKOFF,
      random,
      signal: this.#stopping.signal,
      onError: error =>
        log.error('delivery.settle_failed', { deliveryId: delivery.id, reason: reasonOf(error) }),
    })
  }

  #report(delivery: Delivery, outcome: Outcome): void {
    const ids = { deliveryId: delivery.id, eventId: delivery.event.id, endpoint: delivery.endpoint }
    const fields = { ...ids, attempt: delivery.attemptCount + 1, status: outcome.status }
    const { log } = this.#deps
    if (outcome.kind === 'delivered') log.debug('delivery.delivered', fields)
    else if (outcome.kind === 'retry')
      log.info('delivery.retry', { ...fields, dueAt: outcome.dueAt.toISOString() })
    else log.warn('delivery.dead', { ...fields, reason: outcome.reason })
  }
}

/** A 410 ends this delivery only: the endpoint itself is disabled by whoever watches endpoints, not here. */
function settlementOf(outcome: Outcome, at: Date, endedAt: Date): DeliverySettlement {
  const attempt: Attempt = {
    at,
    tookMs: endedAt.getTime() - at.getTime(),
    ...(outcome.status === undefined ? {} : { status: outcome.status }),
    ...(outcome.kind === 'delivered' ? {} : { reason: outcome.reason }),
  }
  if (outcome.kind === 'retry') return { kind: 'retry', attempt, dueAt: outcome.dueAt }
  return { kind: outcome.kind === 'delivered' ? 'delivered' : 'dead', attempt }
}
