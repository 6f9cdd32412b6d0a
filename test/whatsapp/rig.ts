import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEgress } from '../../app/egress/connector.ts'
import { newId } from '../../app/lib/ids.ts'
import { type Log, silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import { openFolder } from '../../app/media/folder.ts'
import { createLibrary, type Library } from '../../app/media/library.ts'
import type { Account } from '../../app/model/account.ts'
import { STATUS } from '../../app/model/chat.ts'
import type { PosternEvent, RouteEvent } from '../../app/model/event.ts'
import type { Message, OutgoingContent } from '../../app/model/message.ts'
import { type Meter, silentMeter } from '../../app/model/meter.ts'
import type { SendOutcome } from '../../app/model/send-port.ts'
import type { Hear } from '../../app/outbox/opt-out.ts'
import type { AccountPolicy, PolicyInForce, PolicySnapshot } from '../../app/policy/snapshot.ts'
import { openStore } from '../../app/store/open.ts'
import type { Store } from '../../app/store/store.ts'
import { createSessions, type Sessions } from '../../app/whatsapp/sessions.ts'
import type { Timings } from '../../app/whatsapp/timings.ts'
import { type Phones, type SimulatorProcess, startSimulatorProcess } from './simulator-process.ts'

export const OURS = '+12025550100'
export const CONTACT = '+12025550102'
export const OPERATOR = { principal: 'ops' }

const WAIT_MS = 10_000
const POLL_MS = 20
const LEFTOVER_MS = 20_000

export type RigOptions = {
  readonly timings?: Partial<Timings>
  readonly policy?: Partial<AccountPolicy>
  /** Whether the policy names the account at the moment. */
  readonly isNamed?: () => boolean
  /** What the sessions take for the store; the real one, as they get it, or something in front of it. */
  readonly store?: (store: Store) => Store
  /** What the sessions take for WhatsApp's root instead of the simulator's. */
  readonly noiseRoot?: Uint8Array
  readonly hear?: Hear
  readonly log?: Log
  readonly meter?: Meter
}

/** A store and a simulator of their own, and the sessions between them. */
export type Rig = {
  readonly sessions: Sessions
  readonly store: Store
  readonly library: Library
  readonly phones: Phones
  /** Where it all is, for a process of its own. */
  readonly place: Place
  /** The account, linked by scanning the QR, and open. */
  link(): Promise<void>
  /** Stops sessions and store and starts both again from the same folder. */
  restart(options?: RigOptions): Promise<void>
  /** Stops both, and starts them again after `meanwhile`. */
  away(meanwhile: () => Promise<void>): Promise<void>
  account(): Account
  opened(): Promise<Account>
  /** Stores a message in `sending`, hands it to the port and records an ack, as the outbox does, or somewhat slower. */
  send(to: string, content: OutgoingContent, messageId?: string, recordAfterMs?: number): Promise<SendOutcome>
  /** The contact writes to the account; answers the message's id. */
  contactSays(body: string): Promise<string>
  events(): Promise<readonly PosternEvent[]>
  /** Resolves when WhatsApp has nothing for the account that was not confirmed. */
  allConfirmed(): Promise<void>
  /** Ends everything. Throws when the app did what WhatsApp would refuse. */
  stop(): Promise<void>
}

type Parts = { readonly store: Store; readonly sessions: Sessions; readonly library: Library }
export type Place = {
  readonly dataDir: string
  readonly key: Secret
  readonly simulator: Pick<SimulatorProcess, 'url' | 'noiseRoot'>
}

export async function startParts({ dataDir, key, simulator }: Place, wanted: RigOptions): Promise<Parts> {
  const store = await openStore({ dataDir, key, now, log: silentLog })
  const library: Library = createLibrary({
    ...{ store, now, random: Math.random, log: silentLog, download: createEgress({ now }).download },
    folder: openFolder(join(dataDir, 'media')),
    mediaHost: async account => hostOf(await sessions.mediaHost(account)),
    maxBytesAtOnce: () => 64 * 1024 * 1024,
    patience: { withinMs: 120_000, idleMs: 2_000 }, // a busy machine changes no message
  })
  const sessions = createSessions({
    library,
    ...{ store: wanted.store?.(store) ?? store, now, route, random: Math.random },
    meter: wanted.meter ?? silentMeter,
    ...(wanted.hear && { hear: wanted.hear }),
    log: wanted.log ?? silentLog,
    policy: () => policyWith(wanted.policy, wanted.isNamed?.()),
    simulator: { url: simulator.url, noiseRoot: wanted.noiseRoot ?? simulator.noiseRoot },
    timings: { reconnectMs: 50, ...wanted.timings },
  })
  await sessions.start()
  await library.start()
  return { store, sessions, library }
}

function hostOf(host: string | undefined) {
  return host === undefined ? undefined : { host, allowCidrs: ['127.0.0.0/8'] }
}

async function stopParts({ sessions, store, library }: Parts): Promise<void> {
  await library.stop()
  await sessions.stop()
  await store.close()
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  letGoOfLeftovers()
  const folder = mkdtempSync(join(tmpdir(), 'postern-whatsapp-'))
  const simulator = await startSimulatorProcess(join(folder, 'simulator'))
  const place = { dataDir: join(folder, 'data'), key: new Secret(randomBytes(32)), simulator }
  let parts = await startParts(place, options)
  const rig: Rig = {
    get sessions() {
      return parts.sessions
    },
    get store() {
      return parts.store
    },
    get library() {
      return parts.library
    },
    phones: simulator.phones,
    place,
    async link() {
      await simulator.phones.post('/phones', { number: OURS, name: 'Postern' })
      await simulator.phones.post('/phones', { number: CONTACT, name: 'Bob' })
      const outcome = await parts.sessions.link('main', { method: 'qr' }, OPERATOR)
      const qr = outcome.kind === 'started' ? outcome.link.qr : undefined
      await simulator.phones.post(`/phones/${OURS}/scan`, { qr })
      await rig.opened()
    },
    async restart(next = options) {
      await stopParts(parts)
      parts = await startParts(place, next)
    },
    async away(meanwhile) {
      await stopParts(parts)
      await meanwhile()
      parts = await startParts(place, options)
    },
    account: () => present(parts.sessions.get('main')),
    opened: () => until('the account to be open', () => isOpen(rig.account())),
    async send(to, content, messageId = newMessageId(), recordAfterMs = 0) {
      const { store, sessions } = parts
      const order = { ...outgoing(to, messageId, content), content }
      if ((await store.messages.get('main', messageId)) === undefined) {
        await store.messages.enqueue(order, undefined, {})
      }
      const outcome = await sessions.send(order)
      if (recordAfterMs > 0) await sleep(recordAfterMs)
      if (outcome.kind === 'acked') {
        const change = { account: 'main', messageId, to: 'sent', at: outcome.at } as const
        await store.messages.advance(change, {})
      }
      return outcome
    },
    async contactSays(body) {
      const message = { to: OURS, type: 'text', text: { body } }
      return String((await simulator.phones.post(`/phones/${CONTACT}/send`, message)).id)
    },
    allConfirmed: () => allConfirmed(simulator.phones),
    events: async () => (await parts.store.events.list({ limit: 500 })).items,
    async stop() {
      await stopParts(parts)
      const { last_violations } = await simulator.phones.get('/stats').finally(simulator.stop)
      rmSync(folder, { recursive: true, force: true })
      assert.deepEqual(last_violations, [], 'what WhatsApp would have refused')
    },
  }
  return rig
}

/** Asks again until there is an answer. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  waitMs = WAIT_MS,
): Promise<T> {
  const deadline = Date.now() + waitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await sleep(POLL_MS)
  }
}

async function allConfirmed(phones: Phones): Promise<void> {
  await until('everything to be confirmed', async () => {
    const { per_account } = await phones.get('/stats')
    return (per_account as Record<string, { waiting: number }>)[OURS]?.waiting === 0
  })
}

export function text(body: string): OutgoingContent {
  return { type: 'text', text: { body } }
}

export function newMessageId(): string {
  return `3EB0${randomBytes(9).toString('hex').toUpperCase()}`
}

function outgoing(chat: string, messageId: string, content: OutgoingContent): Message {
  const at = now()
  return {
    ...{ account: 'main', direction: 'out', chat, messageId, content, status: 'sending' },
    id: newId('obx', at),
    createdAt: at,
    ...(content.type === 'poll' ? { secret: randomBytes(32).toString('base64') } : {}),
    ...(chat === STATUS ? { audience: [CONTACT] } : {}),
    attemptCount: 1,
    timeline: [{ status: 'sending', at }],
  }
}

function now(): Date {
  return new Date()
}

export const route: RouteEvent = draft => ({ ...draft, id: newId('evt'), at: now(), deliveries: [] })

function policyWith(account: Partial<AccountPolicy> = {}, isNamed = true): PolicyInForce {
  const main: AccountPolicy = {
    name: 'main',
    reconnect: { maxBackoffMs: 100, giveUpAfterMs: 60_000 },
    markRead: false,
    presence: 'unavailable',
    history: 'none',
    alertsOnLoggedOut: true,
    ...account,
  }
  const snapshot = { accounts: new Map(isNamed ? [['main', main]] : []) } as unknown as PolicySnapshot // all that sessions ask for
  return { revision: 'r1', snapshot }
}

function isOpen(account: Account): Account | undefined {
  return account.state === 'open' ? account : undefined
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the account is not there')
  return value
}

/** Baileys leaves timers of 20 to 60 s behind (a log-in, a key upload, queries cut off), which would hold the test's process that long. */
function letGoOfLeftovers(): void {
  const plain = globalThis.setTimeout
  const letting = (work: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) => {
    const timer = plain(work, ms, ...values)
    return ms >= LEFTOVER_MS ? timer.unref() : timer
  }
  globalThis.setTimeout = Object.assign(letting, plain) as typeof globalThis.setTimeout
}
