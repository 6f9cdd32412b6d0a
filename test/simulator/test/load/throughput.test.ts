import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type SimulatorProcess, startProcess } from '../process.ts'
import { tempDir } from '../rig.ts'
import type { Done, Order } from './talker.ts'

/** Figures are for a quiet machine and somebody who reads them. */
const skip = process.env.TEST_LONG === '1' ? false : 'minutes long: --long'
const MESSAGES = 4_000
const WARM_UP = 2_000
const CHATS = 10
/** The simulator serves so many times what one client can produce: CPU against CPU of the same messages. */
const SHARE = 2
const ACCOUNT = '12025570000'
const WAIT_MS = 60_000
const ASK_EVERY_MS = 100

type Stats = {
  readonly process: { readonly cpu_ms: number }
}
type Talk = {
  readonly simulator: SimulatorProcess
  readonly talker: ChildProcess
  readonly people: readonly string[]
}
type Costs = { readonly client: number; readonly server: number; readonly elapsedMs: number }

test('serves twice the messages that one client can send, when phones leave them sealed', {
  skip,
}, async t => {
  const talk = await start(t)
  await receive(talk, CHATS)
  await setReading(talk, false)
  await send(talk, WARM_UP)
  const costs = await costsOf(talk, () => send(talk, MESSAGES))
  report(t, 'from the account to phones that do not read', costs)
  assert.ok(costs.client >= SHARE * costs.server, JSON.stringify(costs))
})

test('takes what an account sends, each message decrypted by two phones', { skip }, async t => {
  const talk = await start(t)
  await receive(talk, CHATS)
  await send(talk, WARM_UP)
  report(t, 'from the account', await costsOf(talk, () => send(talk, MESSAGES)))
})

test('sends an account what ten phones write', { skip }, async t => {
  const talk = await start(t)
  await receive(talk, WARM_UP)
  report(t, 'to the account', await costsOf(talk, () => receive(talk, MESSAGES)))
})

async function start(t: TestContext): Promise<Talk> {
  const simulator = await startProcess(t, ['--state', tempDir(t)])
  const people = Array.from({ length: CHATS }, (_, index) => String(12025570001 + index))
  for (const number of [ACCOUNT, ...people]) await simulator.ask('POST', '/phones', { number })
  const program = join(import.meta.dirname, 'talker.ts')
  const talker = fork(program, [simulator.url, simulator.admin, ACCOUNT], { execArgv: ['--no-warnings'] })
  await once(talker, 'message')
  t.after(async () => {
    talker.send({ kind: 'end' } satisfies Order)
    await once(talker, 'exit')
  })
  return { simulator, talker, people }
}

async function setReading({ simulator, people }: Talk, reads: boolean): Promise<void> {
  for (const number of [ACCOUNT, ...people]) await simulator.ask('POST', '/phones', { number, reads })
}

/** Lets the account send so many texts, and waits until each person has filed theirs. */
async function send(talk: Talk, count: number): Promise<void> {
  const { talker, people } = talk
  const before = await inboxes(talk)
  await order(talker, { kind: 'send', to: people, each: count / CHATS })
  const deadline = Date.now() + WAIT_MS
  while ((await inboxes(talk)) < before + count) {
    if (Date.now() > deadline) throw new Error('messages of the account have not reached the phones')
    await sleep(ASK_EVERY_MS)
  }
}

/** Lets people write so many texts to the account, and waits until it has decrypted them. */
async function receive({ simulator, talker, people }: Talk, count: number): Promise<void> {
  const done = order(talker, { kind: 'receive', count })
  for (let n = 0; n < count / CHATS; n++) {
    const text = { to: ACCOUNT, type: 'text', text: { body: `message ${n}` } }
    await Promise.all(people.map(from => simulator.ask('POST', `/phones/${from}/send`, text)))
  }
  await done
}

/** Gives the CPU that the client has taken so far. */
async function order(talker: ChildProcess, what: Order): Promise<number> {
  const answer = once(talker, 'message')
  talker.send(what)
  const [{ cpuMs }] = (await answer) as [Done]
  return cpuMs
}

/** What both sides spend on `work`, per message. */
async function costsOf(talk: Talk, work: () => Promise<void>): Promise<Costs> {
  const [before, startedAt] = [await spent(talk), performance.now()]
  await work()
  const [after, elapsedMs] = [await spent(talk), performance.now() - startedAt]
  const [client, server] = [after.client - before.client, after.server - before.server]
  return { client: client / MESSAGES, server: server / MESSAGES, elapsedMs }
}

async function spent(talk: Talk): Promise<{ readonly client: number; readonly server: number }> {
  const client = await order(talk.talker, { kind: 'measure' })
  return { client, server: (await stats(talk)).process.cpu_ms }
}

function report(t: TestContext, what: string, { client, server, elapsedMs }: Costs): void {
  t.diagnostic(
    `${MESSAGES} messages ${what}, ${Math.round((MESSAGES / elapsedMs) * 1_000)}/s: ` +
      `${client.toFixed(2)} ms of CPU each in the client, ${server.toFixed(2)} ms in the simulator, ` +
      `which serves ${(client / server).toFixed(2)} times what the client can produce`,
  )
}

async function inboxes({ simulator, people }: Talk): Promise<number> {
  const { data } = await simulator.ask<{ data: { number: string; inbox_count: number }[] }>('GET', '/phones')
  return data
    .filter(({ number }) => people.includes(number.slice(1)))
    .reduce((sum, each) => sum + each.inbox_count, 0)
}

function stats({ simulator }: Talk): Promise<Stats> {
  return simulator.ask('GET', '/stats')
}
