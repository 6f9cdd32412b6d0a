import type { Backoff } from '../lib/backoff.ts'
import { reasonOf } from '../lib/error.ts'
import { insist } from '../lib/insist.ts'
import type { Log } from '../lib/log.ts'
import { Pump } from '../lib/pump.ts'
import { step } from '../lib/step.ts'
import type { RouteEvent } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import type { SendPort } from '../model/send-port.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import { expire, type LeaveDeps, leave } from './leave.ts'
import { createPace, type Pace } from './pace.ts'

export type OutboxWorkerDeps = {
  readonly store: Store
  readonly port: SendPort
  readonly policy: () => PolicyInForce
  readonly route: RouteEvent
  readonly log: Log
  readonly now: () => Date
  readonly random: () => number
  /** Sends of one account under way at once, each of another chat; 16 when absent. */
  readonly concurrency?: number
  /** How long `stop` waits for sends under way; 10 s when absent. */
  readonly stopWaitMs?: number
}

/** Enough for an account never to wait for acks and commits; WhatsApp's socket takes one message after the other. */
const CONCURRENCY = 16
const STOP_WAIT_MS = 10_000
/** How late an entry may be marked expired while nothing else happens. */
const SWEEP_MS = 30_000
/** How often it looks for entries that have expired or fallen due while sends are under way, each of whose ends makes a round. */
const BUSY_LOOK_MS = 250
/** How long ends of sends are gathered for one claim, once so many sends are under way that nobody waits for it. */
const GATHER_MS = 5
const WORK_ENOUGH = 4
/** Nothing falls due more often than this, so that a clock which steps back cannot make it spin. */
const MIN_WAIT_MS = 10
const EXPIRE_AT_ONCE = 100
const SETTLE_BACKOFF: Backoff = { baseMs: 500, maxMs: 30_000 }

/** The worker that sends the outbox; nothing happens before `start`. */
export function createOutboxWorker(deps: OutboxWorkerDeps): OutboxWorker {
  return new OutboxWorker(deps)
}

/**
 * Sends what is due over accounts that are open, one entry a chat at a time. Every account has its own places, so that one
 * whose sends hang keeps no other waiting. An entry is marked `sending` before it leaves and what came of it after; what a
 * crash left between the two goes again with the same message id.
 */
export class OutboxWorker {
  readonly #deps: OutboxWorkerDeps
  readonly #pump: Pump
  readonly #pace: Pace
  readonly #underWay = new Map<Promise<void>, string>()
  readonly #stopping = new AbortController()
  #unsubscribe: () => void = () => {}
  #expiredAt = 0
  #soon: NodeJS.Timeout | undefined

  constructor(deps: OutboxWorkerDeps) {
    this.#deps = deps
    this.#pace = createPace(deps)
    this.#pump = new Pump({
      round: () => this.#round(),
      onError: error => deps.log.error('outbox.round_failed', { reason: reasonOf(error) }),
    })
  }

  /** Takes back what the last run left in `sending`, then begins. */
  async start(): Promise<void> {
    const { store, port, log } = this.#deps
    const recovered = await store.messages.recover()
    if (recovered > 0) log.info('outbox.recovered', { entries: recovered })
    this.#unsubscribe = store.onCommit(topics => {
      if (topics.has('outbox')) this.#wakeSoon()
    })
    port.onOpen(() => this.#pump.wake())
    this.#pump.wake()
  }

  /** Looks for work now. */
  wake(): void {
    this.#pump.wake()
  }

  /** Takes nothing more and waits a while for sends under way. What has no outcome by then stays `sending` until the next start. */
  async stop(): Promise<void> {
    this.#unsubscribe()
    clearTimeout(this.#soon)
    await this.#pump.stop()
    const { promise: patience, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, this.#deps.stopWaitMs ?? STOP_WAIT_MS)
    await Promise.race([Promise.all(this.#underWay.keys()), patience])
    clearTimeout(timer)
    this.#stopping.abort()
  }

  async #round(): Promise<number> {
    const { store, port, now } = this.#deps
    if (await this.#expire()) return 0
    const open = port.openAccounts()
    const free = await this.#free(open)
    if (free.size > 0) {
      for (const entry of await store.messages.claim({ free, now: now() })) this.#track(entry)
    }
    const restsMs = Math.min(...open.map(account => this.#pace.restsMs(account)).filter(ms => ms > 0))
    if (this.#underWay.size > 0) return Math.min(BUSY_LOOK_MS, restsMs)
    const ready = [...free.keys()].filter(account => this.#pace.restsMs(account) === 0)
    const dueAt = await store.messages.nextDueAt(ready)
    return Math.min(
      SWEEP_MS,
      restsMs,
      Math.max(MIN_WAIT_MS, (dueAt?.getTime() ?? Number.POSITIVE_INFINITY) - now().getTime()),
    )
  }

  /** Marks what has run out of time; true when there is more of it. */
  async #expire(): Promise<boolean> {
    const { store, now } = this.#deps
    const at = now()
    if (this.#underWay.size > 0 && at.getTime() - this.#expiredAt < BUSY_LOOK_MS) return false
    this.#expiredAt = at.getTime()
    const late = await store.messages.pastExpiry(at, EXPIRE_AT_ONCE)
    await Promise.all(late.map(entry => expire(entry, this.#deps)))
    return late.length === EXPIRE_AT_ONCE
  }

  /** How many more sends each of the accounts takes; those that take none are left out. */
  async #free(accounts: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const free = new Map(accounts.map(account => [account, this.#deps.concurrency ?? CONCURRENCY]))
    for (const account of this.#underWay.values()) {
      const places = free.get(account)
      if (places === 1) free.delete(account)
      else if (places !== undefined) free.set(account, places - 1)
    }
    for (const [account, places] of free) {
      const room = await this.#pace.room(account, places)
      if (room > 0) free.set(account, room)
      else free.delete(account)
    }
    return free
  }

  #track(entry: Message): void {
    step('outbox.claimed')
    const tracked = this.#send(entry).finally(() => {
      this.#underWay.delete(tracked)
      this.#wakeSoon()
    })
    this.#underWay.set(tracked, entry.account)
  }

  /** While there is work enough, sends that end shortly after one another share a claim, and its commit. */
  #wakeSoon(): void {
    if (this.#underWay.size < WORK_ENOUGH) {
      this.#pump.wake()
      return
    }
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      this.#pump.wake()
    }, GATHER_MS)
  }

  async #send(entry: Message): Promise<void> {
    const { log, random } = this.#deps
    const stays = this.#pace.leaves(entry)
    let left = false
    const port: LeaveDeps['port'] = {
      send: order => {
        left = true
        return this.#deps.port.send(order)
      },
    }
    const settle = await leave(entry, { ...this.#deps, port })
    if (!left) stays()
    await insist(settle, {
      backoff: SETTLE_BACKOFF,
      random,
      signal: this.#stopping.signal,
      onError: error => log.error('outbox.settle_failed', { id: entry.id, reason: reasonOf(error) }),
    })
    step('outbox.settled')
  }
}
