import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WASocket } from '@whiskeysockets/baileys'
import { silenceLibsignal } from '../../phones/signal/silence.ts'
import { type Account, connect, type Enrolment, enrolledAccount, opened } from '../plain-client.ts'
import { type SimulatorProcess, startProcess } from '../process.ts'

const isLong = process.env.TEST_LONG !== undefined
const ACCOUNTS = isLong ? 500 : 40
const AT_ONCE = 10
const WITHIN_MS = 60_000
const MAX_RSS_BYTES = 1.5 * 2 ** 30

silenceLibsignal()

type Stats = {
  readonly connections: number
  readonly accounts: number
  readonly violations: number
  readonly unanswered: readonly string[]
  readonly process: { readonly cpu_ms: number; readonly rss_bytes: number }
}

test(`${ACCOUNTS} linked accounts log in and stay`, async t => {
  const simulator = await startProcess(t)
  const accounts: Account[] = []
  for (let index = 0; index < ACCOUNTS; index++) accounts.push(await link(simulator, numberOf(index)))
  const before = await stats(simulator)
  const startedAt = performance.now()
  const socks = await logIn(simulator, accounts)
  const elapsedMs = performance.now() - startedAt
  const { process: figures, ...after } = await stats(simulator)
  for (const sock of socks) await sock.end(undefined)
  assert.equal(after.connections, ACCOUNTS)
  assert.equal(after.accounts, ACCOUNTS)
  assert.equal(after.violations, 0)
  assert.deepEqual(after.unanswered, [])
  assert.ok(figures.rss_bytes < MAX_RSS_BYTES, `the simulator takes ${figures.rss_bytes} bytes`)
  t.diagnostic(
    `${ACCOUNTS} log-ins in ${(elapsedMs / 1_000).toFixed(1)} s, ` +
      `${figures.cpu_ms - before.process.cpu_ms} ms of the simulator's CPU, ${Math.round(figures.rss_bytes / 2 ** 20)} MiB`,
  )
  if (isLong) assert.ok(elapsedMs < WITHIN_MS, `it took ${elapsedMs} ms`)
})

async function link(simulator: SimulatorProcess, number: string): Promise<Account> {
  await simulator.ask('POST', '/phones', { number })
  return enrolledAccount(keys => simulator.ask<Enrolment>('POST', `/phones/${number}/enrol`, keys))
}

/** Logs all in, a few at once: each is counted when it has asked for what it missed and got it. */
async function logIn({ url }: SimulatorProcess, accounts: readonly Account[]): Promise<readonly WASocket[]> {
  const waiting = [...accounts]
  const socks: WASocket[] = []
  const lanes = Array.from({ length: AT_ONCE }, async () => {
    for (let account = waiting.shift(); account !== undefined; account = waiting.shift()) {
      socks.push(await opened(connect(url, account)))
    }
  })
  await Promise.all(lanes)
  return socks
}

function stats(simulator: SimulatorProcess): Promise<Stats> {
  return simulator.ask('GET', '/stats')
}

function numberOf(index: number): string {
  return String(12025560000 + index)
}
