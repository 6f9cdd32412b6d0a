import { randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { BinaryNode, WASocket } from '@whiskeysockets/baileys'
import { silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import type { Step } from '../../app/lib/step.ts'
import { silentMeter } from '../../app/model/meter.ts'
import { createOutboxWorker } from '../../app/outbox/worker.ts'
import { openStore } from '../../app/store/open.ts'
import { createSessions } from '../../app/whatsapp/sessions.ts'
import { policyWith, World } from '../outbox/world.ts'
import { connect, newAccount, opened, qrOf } from '../simulator/test/plain-client.ts'
import { startSimulatorProcess } from '../whatsapp/simulator-process.ts'

/*
 * How much of Baileys' own sending rate the appliance keeps: node test/bench/outbox.ts [MESSAGES] [CHATS] [ROUNDS].
 * Both send over the same simulator from the same process, in turns. Plain Baileys has its keys in memory and counts the
 * server's acks; the appliance's outbox has everything durable, and counts what it has written down as sent.
 */
const [messages = 1_000, chats = 20, rounds = 3, concurrency = 16] = process.argv.slice(2).map(Number)
const RAW = '+12025550110'
const OURS = '+12025550100'
const CONTACTS = Array.from({ length: chats }, (_, n) => `+1555010${1_000 + n}`)
const RAW_AT_ONCE = 10
const LOOK_MS = 5

const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
const simulator = await startSimulatorProcess(join(folder, 'simulator'))
const { phones } = simulator
for (const number of [RAW, OURS, ...CONTACTS]) await phones.post('/phones', { number, name: number })
const raw = await linkRaw()
const appliance = await startAppliance()
for (const from of CONTACTS) {
  for (const to of [RAW, OURS])
    await phones.post(`/phones/${from}/send`, { to, type: 'text', text: { body: 'hi' } })
}
await rawRound(chats)
await outboxRound(chats)
type Rate = { readonly perSecond: number; readonly mainCpuMs: number; readonly cpuMs: number }
const rates: { readonly raw: Rate; readonly outbox: Rate }[] = []
for (let n = 0; n < rounds; n++) {
  rates.push({ raw: await timed(rawRound), outbox: await timed(outboxRound) })
}
const total = (kind: 'raw' | 'outbox', measure: keyof Rate) =>
  rates.reduce((all, rate) => all + rate[kind][measure], 0)
const share = total('outbox', 'perSecond') / total('raw', 'perSecond')
const shareByCpu = total('raw', 'mainCpuMs') / total('outbox', 'mainCpuMs')
tell({ messages, chats, rates, share: round(share), shareByCpu: round(shareByCpu) })
await appliance.stop()
raw.end(undefined)
await simulator.stop()
rmSync(folder, { recursive: true, force: true })
process.exit(0)

/** On a machine that is busy the CPU that the main thread needs for a message says more than the rate. */
async function timed(run: (count: number) => Promise<void>): Promise<Rate> {
  const [startedAt, main, all] = [performance.now(), process.threadCpuUsage(), process.cpuUsage()]
  await run(messages)
  const each = ({ user, system }: NodeJS.CpuUsage) => round((user + system) / 1_000 / messages)
  return {
    perSecond: Math.round(messages / ((performance.now() - startedAt) / 1_000)),
    mainCpuMs: each(process.threadCpuUsage(main)),
    cpuMs: each(process.cpuUsage(all)),
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** The sessions have taken the console away from libraries, and from us. */
function tell(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

async function linkRaw(): Promise<WASocket> {
  const account = newAccount()
  const pairing = connect(simulator.url, account)
  const restarted = new Promise<void>(resolve => {
    pairing.ev.on('connection.update', ({ connection }) => connection === 'close' && resolve())
  })
  await phones.post(`/phones/${RAW}/scan`, { qr: await qrOf(pairing) })
  await restarted
  return await opened(connect(simulator.url, account))
}

async function rawRound(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let acks = 0
  const acked = ({ attrs }: BinaryNode) => {
    if (attrs.error === undefined && ++acks === count) resolve()
  }
  raw.ws.on('CB:ack,class:message', acked)
  let next = 0
  const lane = async () => {
    for (let n = next++; n < count; n = next++) {
      const to = `${CONTACTS[n % chats]?.slice(1)}@s.whatsapp.net`
      await raw.sendMessage(to, { text: `message ${n}` })
    }
  }
  await Promise.all(Array.from({ length: RAW_AT_ONCE }, lane))
  await promise
  raw.ws.off('CB:ack,class:message', acked)
}

async function startAppliance() {
  const store = await openStore({
    dataDir: join(folder, 'data'),
    key: new Secret(randomBytes(32)),
    now: () => new Date(),
    log: silentLog,
  })
  const world = new World(store)
  const sessions = createSessions({
    ...world.deps(),
    policy: () => policyWith(),
    meter: silentMeter,
    library: NO_FILES,
    simulator: { url: simulator.url, noiseRoot: simulator.noiseRoot },
  })
  await sessions.start()
  const linking = await sessions.link('main', { method: 'qr' }, { principal: 'bench' })
  if (linking.kind !== 'started') throw new Error(`not linked: ${linking.kind}`)
  await phones.post(`/phones/${OURS}/scan`, { qr: linking.link.qr })
  while (sessions.openAccounts().length === 0) await sleep(LOOK_MS)
  const worker = createOutboxWorker({ ...world.deps(), port: sessions, concurrency })
  await worker.start()
  return {
    world,
    store,
    async stop() {
      await worker.stop()
      await sessions.stop()
      await store.close()
    },
  }
}

/** Ends when the last outcome is durable. */
async function outboxRound(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let settled = 0
  const noted = (message: unknown) => {
    if ((message as Step).point === 'outbox.settled' && ++settled === count) resolve()
  }
  subscribe('postern:step', noted)
  const to = (n: number) => CONTACTS[n % chats] ?? ''
  const enqueue = (n: number) => appliance.world.accepted({ to: to(n), body: `message ${n}` })
  await Promise.all([...Array.from({ length: count }, (_, n) => enqueue(n)), promise])
  unsubscribe('postern:step', noted)
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** Texts carry none. */
const NO_FILES = {
  get: async () => undefined,
  bring: async () => ({ kind: 'gone', reason: 'there are no files here' }) as const,
  open: () => Readable.from([]),
  preview: async () => undefined,
}
