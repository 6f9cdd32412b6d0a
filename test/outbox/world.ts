import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRouter } from '../../app/deliveries/fan-out.ts'
import { silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import type { Actor, AuditEntry } from '../../app/model/audit.ts'
import type { PosternEvent } from '../../app/model/event.ts'
import { type Message, textOf } from '../../app/model/message.ts'
import type { SendOrder, SendOutcome, SendPort } from '../../app/model/send-port.ts'
import { createCancel } from '../../app/outbox/cancel.ts'
import type { Carry } from '../../app/outbox/carry.ts'
import { createEnqueue, type EnqueueRequest, type EnqueueResult } from '../../app/outbox/enqueue.ts'
import { createReview } from '../../app/outbox/review.ts'
import { createOutboxWorker, type OutboxWorkerDeps } from '../../app/outbox/worker.ts'
import { createLimiter } from '../../app/policy/limiter.ts'
import type { Limit, PolicyInForce, PolicySnapshot, Principal, Rule } from '../../app/policy/snapshot.ts'
import { openStore } from '../../app/store/open.ts'
import type { Store } from '../../app/store/store.ts'
import { policyOf } from '../deliveries/samples.ts'
import { afterwards } from '../helpers/afterwards.ts'

export const ACTOR: Actor = { principal: 'billing', credential: 'mtls:4f', ip: '127.0.0.1' }
export const ALICE = '+12025550101'
export const BOB = '+12025550102'

const ALLOW: Rule = {
  id: 'billing-sends',
  effect: 'allow',
  principals: ['billing', 'reports'],
  actions: ['messages.send'],
  when: {},
}

export const rule = (change: Partial<Rule> & Pick<Rule, 'id' | 'effect'>): Rule => ({ ...ALLOW, ...change })

export const limit = (change: Partial<Limit> & Pick<Limit, 'onExceed'>): Limit => ({
  name: 'per-account',
  key: ['account'],
  count: 1,
  periodMs: 60_000,
  burst: 1,
  ...change,
})

/** A policy in force with these rules beside the one that allows, and these limits. */
export function policyWith(
  rules: readonly Rule[] = [],
  limits: readonly Limit[] = [],
  allow: readonly Rule[] = [ALLOW],
): PolicyInForce {
  const { revision, snapshot } = policyOf()
  const principal = (name: string): Principal => ({ name, kind: 'service', roles: [], networks: [] })
  const whole: PolicySnapshot = {
    ...snapshot,
    principals: new Map(['billing', 'reports'].map(name => [name, principal(name)])),
    accounts: new Map([
      [
        'main',
        {
          name: 'main',
          reconnect: { maxBackoffMs: 1, giveUpAfterMs: 1 },
          markRead: false,
          presence: 'unavailable',
          history: 'none',
          alertsOnLoggedOut: true,
        },
      ],
    ]),
    rules: [...allow, ...rules],
    asksAcquaintance: rules.some(({ when }) => when.firstContact !== undefined),
    limits: new Map(limits.map(entry => [entry.name, entry])),
  }
  return { revision, snapshot: whole }
}

/** A way to WhatsApp that does what a test tells it, and remembers every order. */
export class ScriptedPort implements SendPort {
  readonly orders: SendOrder[] = []
  open: string[] = ['main']
  /** What the next sends come to; acked when there is nothing in it. */
  readonly script: (SendOutcome | Promise<SendOutcome> | Error)[] = []
  #listener: (account: string) => void = () => {}

  async send(order: SendOrder): Promise<SendOutcome> {
    this.orders.push(order)
    const next = this.script.shift() ?? { kind: 'acked', at: new Date() }
    if (next instanceof Error) throw next
    return await next
  }

  openAccounts(): readonly string[] {
    return this.open
  }

  onOpen(listener: (account: string) => void): void {
    this.#listener = listener
  }

  becomeOpen(account: string): void {
    this.open = [account]
    this.#listener(account)
  }

  get texts(): readonly string[] {
    return this.orders.map(order => textOf(order.content) ?? '')
  }
}

/** The real outbox on a real store, with a clock that can be put forward. */
export class World {
  readonly store: Store
  readonly port = new ScriptedPort()
  policy = policyWith()
  #aheadMs = 0
  #count = 0
  readonly #enqueue: (request: EnqueueRequest) => Promise<EnqueueResult>
  readonly cancel: ReturnType<typeof createCancel>
  readonly review: ReturnType<typeof createReview>

  constructor(store: Store) {
    this.store = store
    const limiter = createLimiter()
    this.#enqueue = createEnqueue({ ...this.deps(), limiter, carry: NO_FILES })
    this.review = createReview({ ...this.deps(), limiter })
    this.cancel = createCancel(this.deps())
  }

  now = (): Date => new Date(Date.now() + this.#aheadMs)

  putForward(ms: number): void {
    this.#aheadMs += ms
  }

  deps(): OutboxWorkerDeps {
    const { store, port, now } = this
    const policy = () => this.policy
    return {
      store,
      port,
      policy,
      route: createRouter({ policy, now }),
      log: silentLog,
      now,
      random: () => 0.5,
    }
  }

  enqueue(change: Partial<EnqueueRequest> & { to?: string; body?: string } = {}): Promise<EnqueueResult> {
    const { to = ALICE, body = `text ${++this.#count}`, ...rest } = change
    return this.#enqueue({
      actor: ACTOR,
      account: 'main',
      recipient: { kind: 'contact', chat: to },
      content: { type: 'text', text: { body } },
      bodyDigest: `digest of ${body}`,
      ...rest,
    })
  }

  /** Enqueues and gives the message; fails the test when it was refused. */
  async accepted(change: Parameters<World['enqueue']>[0] = {}): Promise<Message> {
    const result = await this.enqueue(change)
    if (result.kind !== 'accepted') throw new Error(`expected accepted, got ${result.kind}`)
    return result.message
  }

  async startWorker(t: TestContext, change: Partial<OutboxWorkerDeps> = {}): Promise<void> {
    const worker = createOutboxWorker({ ...this.deps(), ...change })
    afterwards(t, () => worker.stop())
    await worker.start()
  }

  async message(id: string): Promise<Message> {
    const found = await this.store.messages.get('main', id)
    if (found === undefined) throw new Error(`no message ${id}`)
    return found
  }

  /** Waits until the message has the status. */
  async until(id: string, status: Message['status']): Promise<Message> {
    return await eventually(async () => {
      const found = await this.message(id)
      return found.status === status ? found : undefined
    }, `${id} to be ${status}`)
  }

  async events(): Promise<readonly PosternEvent[]> {
    return (await this.store.events.list({ limit: 1_000 })).items
  }

  async audit(): Promise<readonly AuditEntry[]> {
    return (await this.store.audit.list({ limit: 1_000 })).items
  }
}

export async function createWorld(t: TestContext): Promise<World> {
  return new World(await openTestStore(t))
}

/** A store in a folder of its own; both are gone after the test. */
export async function openTestStore(
  t: TestContext,
  dataDir = mkdtempSync(join(tmpdir(), 'postern-test-')),
): Promise<Store> {
  const store = await openStore({
    dataDir,
    key: new Secret(Buffer.alloc(32, 3)),
    now: () => new Date(),
    log: silentLog,
  })
  afterwards(t, async () => {
    await store.close()
    rmSync(dataDir, { recursive: true, force: true })
  })
  return store
}

export async function eventually<T>(
  look: () => Promise<T | undefined>,
  what: string,
  withinMs = 5_000,
): Promise<T> {
  const endMs = Date.now() + withinMs
  while (Date.now() < endMs) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(10)
  }
  throw new Error(`waited ${withinMs} ms for ${what}`)
}

/** Nothing here carries a file. */
export const NO_FILES: Carry = async () => ({ kind: 'unfit', path: '$', message: 'there are no files here' })
