import type { Backoff } from '../lib/backoff.ts'
import { reasonOf } from '../lib/error.ts'
import { insist } from '../lib/insist.ts'
import type { Log } from '../lib/log.ts'
import { type After, Pump } from '../lib/pump.ts'
import type { Secret } from '../lib/secret.ts'
import { step } from '../lib/step.ts'
import type { Egress } from '../model/egress-port.ts'
import type { Endpoint, PolicyInForce } from '../policy/snapshot.ts'
import type { Attempt, Delivery, DeliverySettlement, UnreadableDelivery } from '../store/deliveries.ts'
import type { EndpointHealth } from '../store/endpoints.ts'
import type { Store } from '../store/store.ts'
import { attempt, type Outcome } from './attempt.ts'
import { createBurial } from './bury.ts'
import type { Ending, Endpoints, Learned } from './endpoints.ts'
import type { PostDeps } from './post.ts'

export type DeliveryWorkerDeps = Pick<PostDeps, 'surroundings' | 'handshake'> & {
  readonly store: Store
  readonly endpoints: Endpoints
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
  /** Node's timers when absent; for rigs whose clock is their own. */
  readonly after?: After
}

/** Looks at least so often, should nobody have told it of a new policy. */
const SWEEP_MS = 5 * 60_000
/** Nothing falls due more often than this, so that a clock which steps back cannot make it spin. */
const MIN_WAIT_MS = 10
/** Under load each answer and each commit asks for a round; without a rest those were a sixth of the app's work. */
const REST_MS = 4
const STOP_WAIT_MS = 10_000
/** So many attempts of an endpoint may wait for the disk, beside those that wait for an answer. */
const MOST_UNDER_WAY = 128
const ENDINGS = {
  delivered: 'ok',
  retry: 'failed',
  dead: 'failed',
  'endpoint-gone': 'gone',
} as const satisfies Record<Outcome['kind'], Ending['kind']>
const SETTLE_BACKOFF: Backoff = { baseMs: 500, maxMs: 30_000 }

/** The worker that posts deliveries; nothing happens before `start`. */
export function createDeliveryWorker(deps: DeliveryWorkerDeps): DeliveryWorker {
  return new DeliveryWorker(deps)
}

/**
 * Posts what is owed to endpoints, each endpoint up to its `concurrency` requests at once and as its breaker lets it. What is owed to an endpoint that the
 * policy no longer names stays pending and untouched; it leaves when the name comes back.
 */
export class DeliveryWorker {
  readonly #deps: DeliveryWorkerDeps
  readonly #pump: Pump
  readonly #bury: ReturnType<typeof createBurial>
  /** Requests without an answer, by endpoint. */
  readonly #asking = new Map<string, number>()
  /** Attempts, by endpoint, from the request until what came of it is written down. */
  readonly #underWay = new Map<string, Set<Promise<void>>>()
  readonly #stopping = new AbortController()
  #unsubscribe: () => void = () => {}

  constructor(deps: DeliveryWorkerDeps) {
    this.#deps = deps
    this.#bury = createBurial(deps)
    this.#pump = new Pump({
      round: () => this.#round(),
      restMs: REST_MS,
      ...(deps.after === undefined ? {} : { after: deps.after }),
      onError: error => deps.log.error('delivery.round_failed', { reason: reasonOf(error) }),
    })
  }

  async start(): Promise<void> {
    await this.#deps.endpoints.load()
    this.#unsubscribe = this.#deps.store.onCommit(topics => {
      if (topics.has('deliveries')) this.wake()
    })
    this.wake()
  }

  /** Looks at once; for whoever puts a new policy in force. */
  wake(): void {
    this.#pump.wake()
  }

  /** Attempts that have no answer yet, or one that is not written down yet. */
  get underWay(): number {
    return [...this.#underWay.values()].reduce((sum, { size }) => sum + size, 0)
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
    const claimed = free.size === 0 ? [] : store.deliveries.claim({ free, now: now() })
    if (claimed.length > 0) step('delivery.claimed')
    for (const delivery of claimed) {
      const endpoint = endpoints.get(delivery.endpoint)
      if (endpoint === undefined) continue
      const work = 'unreadable' in delivery ? this.#letDie(delivery) : this.#deliver(delivery, endpoint)
      this.#track(endpoint.name, work)
    }
    await this.#bury(endpoints.values())
    const open = [...this.#free(endpoints.values()).keys()]
    const dueAt = open.length === 0 ? undefined : store.deliveries.nextDueAt(open)
    const waits = [dueAt, ...this.#reopenings(endpoints.keys())].flatMap(at =>
      at === undefined ? [] : [at.getTime() - now().getTime()],
    )
    return Math.min(SWEEP_MS, Math.max(MIN_WAIT_MS, Math.min(...waits)))
  }

  #free(endpoints: Iterable<Endpoint>): ReadonlyMap<string, number> {
    const free = new Map<string, number>()
    for (const endpoint of endpoints) {
      const { name } = endpoint
      const askable = this.#deps.endpoints.allowance(endpoint) - (this.#asking.get(name) ?? 0)
      const writable = MOST_UNDER_WAY - (this.#underWay.get(name)?.size ?? 0)
      const count = Math.min(askable, writable)
      if (count > 0) free.set(name, count)
    }
    return free
  }

  /** When breakers that let nothing through now will let one attempt try. */
  #reopenings(names: Iterable<string>): readonly Date[] {
    const now = this.#deps.now()
    return [...names].flatMap(name => {
      const { disabled, openUntil } = this.#deps.endpoints.get(name)
      return disabled === undefined && openUntil !== undefined && openUntil > now ? [openUntil] : []
    })
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
    const { now, endpoints } = this.#deps
    const startedAt = now()
    const outcome = await this.#ask(delivery, endpoint)
    const endedAt = now()
    const learned = endpoints.learn(endpoint.name, { kind: ENDINGS[outcome.kind], startedAt, endedAt })
    this.wake() // the endpoint is free again, whether or not this is written down yet
    const settlement = settlementOf(outcome, { startedAt, endedAt, health: learned.health })
    this.#report(delivery, outcome)
    await this.#settle(delivery.id, settlement, learned)
    step('delivery.settled')
  }

  /** It would hold up its lane for good. The endpoint has nothing to do with it. */
  async #letDie({ id, endpoint, unreadable: reason }: UnreadableDelivery): Promise<void> {
    const { log, now } = this.#deps
    log.warn('delivery.dead', { deliveryId: id, endpoint, reason })
    await this.#settle(id, { kind: 'dead', attempt: { at: now(), reason, tookMs: 0 } })
  }

  async #settle(deliveryId: string, settlement: DeliverySettlement, learned?: Learned): Promise<void> {
    const { store, log, random } = this.#deps
    await insist(() => store.deliveries.settle(deliveryId, settlement, learned), {
      backoff: SETTLE_BACKOFF,
      random,
      signal: this.#stopping.signal,
      onError: error => log.error('delivery.settle_failed', { deliveryId, reason: reasonOf(error) }),
    })
  }

  async #ask(delivery: Delivery, endpoint: Endpoint): Promise<Outcome> {
    const { name } = endpoint
    this.#asking.set(name, (this.#asking.get(name) ?? 0) + 1)
    const outcome = await attempt(delivery, endpoint, {
      ...this.#deps,
      revision: this.#deps.policy().revision,
    })
    this.#asking.set(name, (this.#asking.get(name) ?? 1) - 1)
    return outcome
  }

  #report(delivery: Delivery, outcome: Outcome): void {
    const ids = { deliveryId: delivery.id, eventId: delivery.event.id, endpoint: delivery.endpoint }
    const fields = { ...ids, attempt: delivery.attemptCount + 1, status: outcome.status }
    const { log } = this.#deps
    if (outcome.kind === 'delivered') log.debug('delivery.delivered', fields)
    else if (outcome.kind === 'retry')
      log.info('delivery.retry', { ...fields, dueAt: outcome.dueAt.toISOString() })
    else
      log.warn(outcome.kind === 'dead' ? 'delivery.dead' : 'delivery.held', {
        ...fields,
        reason: outcome.reason,
      })
  }
}

type Circumstances = {
  readonly startedAt: Date
  readonly endedAt: Date
  /** The endpoint's, after this attempt. */
  readonly health: EndpointHealth
}

/**
 * While the breaker is open, whatever failed waits for the endpoint and not for its own schedule, on which this attempt
 * does not count: the outage is not its fault.
 */
function settlementOf(outcome: Outcome, { startedAt, endedAt, health }: Circumstances): DeliverySettlement {
  const { status, answer } = outcome
  const attempt: Attempt = {
    at: startedAt,
    tookMs: endedAt.getTime() - startedAt.getTime(),
    ...(status === undefined ? {} : { status }),
    ...(answer === undefined ? {} : { answer }),
    ...(outcome.kind === 'delivered' ? {} : { reason: outcome.reason }),
  }
  switch (outcome.kind) {
    case 'delivered':
    case 'dead':
      return { kind: outcome.kind, attempt }
    case 'endpoint-gone':
      return { kind: 'retry', attempt, dueAt: endedAt }
    case 'retry':
      return health.openUntil === undefined
        ? { kind: 'retry', attempt, dueAt: outcome.dueAt }
        : { kind: 'retry', attempt, dueAt: later(health.openUntil, outcome.notBefore), spared: true }
  }
}

function later(one: Date, other: Date): Date {
  return one > other ? one : other
}
