import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEndpoints } from '../../../app/deliveries/endpoints.ts'
import { createRouter } from '../../../app/deliveries/fan-out.ts'
import { createDeliveryWorker } from '../../../app/deliveries/worker.ts'
import { createEgress } from '../../../app/egress/connector.ts'
import { silentLog } from '../../../app/lib/log.ts'
import { Secret } from '../../../app/lib/secret.ts'
import { openStore } from '../../../app/store/open.ts'
import type { Store } from '../../../app/store/store.ts'
import { CONTACT_KEY, endpointOf, policyOf, SIGNING_SECRET } from '../../deliveries/samples.ts'
import type { Ledger } from './protocol.ts'
import { type HostileReceiver, startHostile } from './running.ts'
import { VirtualClock } from './virtual-clock.ts'

export type ReceiverCounts = {
  readonly events: number
  /** Of the endpoint that can be reached: in the receiver's ledger, and dead letters. */
  readonly taken: number
  readonly dead: number
  /** Neither taken nor dead. */
  readonly lost: number
  /** Told as delivered, and not in the ledger. */
  readonly unwitnessed: number
  readonly pending: number
  readonly disordered: number
  readonly repeats: number
  /** Owed to the endpoint with the wrong certificate, and how many of those are dead letters. */
  readonly untrusted: { readonly owed: number; readonly dead: number }
  readonly ledger: Pick<Ledger, 'received' | 'kinds'>
  readonly virtualDays: number
  readonly seconds: number
  /** Bytes that the process grew by from a tenth of the way to the end, and at most in between. */
  readonly grown: { readonly atEnd: number; readonly atMost: number }
}

const DAY_MS = 24 * 60 * 60_000
const SPAN_MS = 12 * DAY_MS
const AWAY = { fromMs: 4 * DAY_MS, toMs: 7 * DAY_MS }
const BATCH = 50
const CHATS = 200
/** One event in so many is never taken, as long as its dying takes no longer than the run. */
const DOOMED_ONE_IN = 500
const DOOMED_UNTIL = 0.3
const UNTRUSTED_ONE_IN = 100
const LISTED = 200

/**
 * Layer F: `events` events over 12 days of virtual time to a receiver that misbehaves in every way and is away for three
 * days, and some to one with the wrong certificate. Everything but the time and the resolver is real.
 */
export async function runReceiverFaults({ events }: { readonly events: number }): Promise<ReceiverCounts> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-rig-'))
  const receiver = await startHostile()
  const clock = new VirtualClock()
  const store = await openStore({
    dataDir: folder,
    key: new Secret(Buffer.alloc(32, 5)),
    now: clock.now,
    log: silentLog,
  })
  try {
    return await run({ events, receiver, clock, store })
  } finally {
    await store.close()
    await receiver.stop()
    rmSync(folder, { recursive: true })
  }
}

type Ground = {
  readonly events: number
  readonly receiver: HostileReceiver
  readonly clock: VirtualClock
  readonly store: Store
}

async function run(ground: Ground): Promise<ReceiverCounts> {
  const { events, receiver, clock, store } = ground
  const startedAt = performance.now()
  const { worker, route, stop } = assemble(ground)
  await worker.start()
  const memory = watchMemory()
  let away = false
  for (let sent = 0; sent < events; sent += BATCH) {
    const dueMs = (sent / events) * SPAN_MS
    while (clock.elapsedMs < dueMs) await clock.pass(dueMs, () => worker.underWay > 0)
    if (!away && dueMs >= AWAY.fromMs && dueMs < AWAY.toMs) await receiver.leave()
    if (away && dueMs >= AWAY.toMs) await receiver.comeBack()
    away = dueMs >= AWAY.fromMs && dueMs < AWAY.toMs
    const batch = Array.from({ length: Math.min(BATCH, events - sent) }, (_, i) =>
      route(draft(sent + i, events)),
    )
    await store.events.append({ events: batch })
    memory.sample(sent / events)
  }
  while (await owed(store)) await clock.pass(Number.POSITIVE_INFINITY, () => worker.underWay > 0)
  memory.sample(1)
  const ledger = await receiver.ledger()
  await stop()
  return {
    events,
    ...(await compare(store, ledger)),
    virtualDays: clock.elapsedMs / DAY_MS,
    seconds: (performance.now() - startedAt) / 1_000,
    grown: memory.grown(),
  }
}

function assemble({ receiver, clock, store }: Ground) {
  const { now, after } = clock
  const random = dice(7)
  const shared = { caRef: 'secret:ca', timeoutMs: 250, concurrency: 16, order: 'per-chat' } as const
  const url = (port: number) => `https://hooks.test:${port}/`
  const policy = policyOf(
    endpointOf({ ...shared, name: 'ops', url: url(receiver.port), events: new Set(['message.received']) }),
    endpointOf({
      ...shared,
      name: 'untrusted',
      url: url(receiver.wrongPort),
      events: new Set(['message.read']),
    }),
  )
  const route = createRouter({ policy: () => policy, now })
  const base = { store, now, random, log: silentLog }
  const endpoints = createEndpoints({ ...base, route })
  const egress = createEgress({ now, lookup: async () => ['127.0.0.1'], ownAddresses: () => [] })
  const readSecret = (ref: string) => new Secret(ref === 'secret:ca' ? receiver.ca : SIGNING_SECRET)
  const deps = {
    ...base,
    endpoints,
    egress,
    policy: () => policy,
    readSecret,
    contactKey: CONTACT_KEY,
    after,
  }
  const worker = createDeliveryWorker(deps)
  const stop = async () => {
    await worker.stop()
    await egress.close()
  }
  return { worker, route, stop }
}

function draft(n: number, events: number): Parameters<ReturnType<typeof createRouter>>[0] {
  const chat = `+1202555${String(n % CHATS).padStart(4, '0')}`
  const doomed = n % DOOMED_ONE_IN === 13 && n < DOOMED_UNTIL * events
  const type = n % UNTRUSTED_ONE_IN === 7 ? 'message.read' : 'message.received'
  return {
    type,
    account: 'main',
    chat,
    data: { chat, n, doomed, text: { body: 'a few words, as people write them' } },
  }
}

async function owed(store: Store): Promise<boolean> {
  const counts = await store.deliveries.counts()
  return [...counts.values()].some(({ pending }) => pending > 0)
}

type Judged = Pick<
  ReceiverCounts,
  'taken' | 'dead' | 'lost' | 'unwitnessed' | 'pending' | 'disordered' | 'repeats' | 'untrusted' | 'ledger'
>

async function compare(store: Store, ledger: Ledger): Promise<Judged> {
  const taken = new Set(ledger.taken)
  const counted = { dead: 0, lost: 0, unwitnessed: 0, pending: 0 }
  const untrusted = { owed: 0, dead: 0 }
  for await (const { endpoint, status, event } of all(store)) {
    if (endpoint === 'untrusted') {
      untrusted.owed++
      if (status === 'dead') untrusted.dead++
      continue
    }
    if (status === 'dead') counted.dead++
    else if (status === 'pending') counted.pending++
    else if (!taken.has(event.id)) counted.unwitnessed++
    if (status !== 'dead' && !taken.has(event.id)) counted.lost++
  }
  const disordered = ledger.chats.reduce((sum, chat) => sum + chat.disordered, 0)
  const { received, repeats, kinds } = ledger
  return { ...counted, taken: taken.size, disordered, repeats, untrusted, ledger: { received, kinds } }
}

async function* all(store: Store) {
  let before: string | undefined
  do {
    const page = await store.deliveries.list({ limit: LISTED, ...(before === undefined ? {} : { before }) })
    yield* page.items
    before = page.next ?? undefined
  } while (before !== undefined)
}

/** Resident memory, from when a tenth is done: what is loaded and warmed by then is not growth. */
function watchMemory() {
  let [baseline, most, last] = [0, 0, 0]
  return {
    sample(done: number) {
      last = process.memoryUsage.rss()
      if (done < 0.1) baseline = Math.max(baseline, last)
      else most = Math.max(most, last)
    },
    grown: () => ({ atEnd: last - baseline, atMost: most - baseline }),
  }
}

/** Numbers in [0, 1) that are the same at every run. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}
