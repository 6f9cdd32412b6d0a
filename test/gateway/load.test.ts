import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { linkAccount, MAIN_PHONE } from '../../app/supervise/link-main.ts'
import { drive, type Pair } from './load/driver.ts'
import { bookOf, differences, readEvents, readPhones, readWebhooks } from './load/ledgers.ts'
import { eventually, ROOT, type Sandbox, startSandbox } from './sandbox.ts'

const isLong = process.env.TEST_LONG !== undefined
const SIZE = isLong
  ? { phones: 200, seconds: 600, inRate: 10, outRate: 5 }
  : { phones: 20, seconds: 15, inRate: 8, outRate: 4 }
const SETTLED_WITHIN_MS = 180_000
const ACCOUNTS = new Map([
  [MAIN_PHONE, 'main'],
  ['+12025550120', 'second'],
  ['+12025550130', 'third'],
])

let sandbox: Sandbox
let policies: string

before(async () => {
  policies = mkdtempSync(join(tmpdir(), 'postern-load-'))
  cpSync(join(ROOT, 'test/sandbox/policies'), policies, { recursive: true })
  const file = join(policies, 'accounts.yaml')
  const more = '  second: { displayName: Second }\n  third: { displayName: Third }\n'
  writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\n${more}`)
  sandbox = await startSandbox({ policies })
  for (const [phone, account] of ACCOUNTS)
    await linkAccount(sandbox.endpoints(), { account, phone, name: account })
})
after(async () => {
  await sandbox?.dispose()
  rmSync(policies, { recursive: true, force: true })
})

type Load = {
  readonly running: boolean
  readonly sent: number
  readonly failed: number
  readonly phones: readonly string[]
}
type Stats = { readonly violations: number; readonly retries: number; readonly last_violations: unknown }

test(`three accounts and ${SIZE.phones} phones talk for ${SIZE.seconds} s, and both sides have the same in their books`, async t => {
  const { phones: people, seconds, inRate, outRate } = SIZE
  const accounts = [...ACCOUNTS.keys()]
  const load = (await sandbox.simulator('/load', {
    chats: people,
    rate: inRate,
    seconds,
    accounts,
    seed: 11,
  })) as Load
  const pairs = load.phones.map((person, index): Pair => {
    return { account: ACCOUNTS.get(accounts[index % accounts.length] ?? '') ?? '', person }
  })
  const { accepted, refused } = await drive(sandbox, pairs, { rate: outRate, seconds })
  const ended = await eventually(
    'the load to end',
    async () => {
      const state = (await sandbox.simulator('/load')) as Load
      return state.running ? undefined : state
    },
    SETTLED_WITHIN_MS,
  )
  assert.deepEqual({ refused, failed: ended.failed }, { refused: [], failed: 0 })
  await settled(ended.sent, accepted.length)

  const phones = await readPhones(sandbox, ACCOUNTS)
  const events = await readEvents(sandbox)
  report(t, { sent: ended.sent, accepted: accepted.length })
  assert.equal(phones.sent.texts.size, ended.sent)
  assert.deepEqual(differences(phones.sent, events), {}, 'what people sent and what the app received')
  assert.deepEqual(differences(events, await readWebhooks(sandbox)), {}, 'what the app received and told')
  const promised = bookOf(accepted)
  assert.deepEqual(differences(promised, phones.seen), {}, 'what the app accepted and what people saw')
  assert.deepEqual(differences(promised, phones.copied), {}, 'what the app accepted and what own phones saw')
  const { violations, retries, last_violations } = (await sandbox.simulator('/stats')) as Stats
  t.diagnostic(`${retries} messages asked for again`)
  assert.equal(violations, 0, JSON.stringify(last_violations))
})

/** Waits until both sides have got what they are owed, or time is over: the books say the rest. */
async function settled(sent: number, accepted: number): Promise<void> {
  const isThere = async () => {
    const phones = await readPhones(sandbox, ACCOUNTS)
    if (phones.seen.texts.size < accepted || phones.copied.texts.size < accepted) return undefined
    return (await readWebhooks(sandbox)).texts.size >= sent ? true : undefined
  }
  await eventually('both sides to have everything', isThere, SETTLED_WITHIN_MS).catch(() => undefined)
}

function report(t: TestContext, { sent, accepted }: { sent: number; accepted: number }): void {
  const memory = Object.entries(sandbox.endpoints().pids).map(
    ([name, pid]) => `${name} ${residentMiB(pid)} MiB`,
  )
  const rate = (count: number) => `${(count / SIZE.seconds).toFixed(1)}/s`
  t.diagnostic(`${sent} in (${rate(sent)}), ${accepted} out (${rate(accepted)}); ${memory.join(', ')}`)
}

function residentMiB(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kib) / 1_024)
}
