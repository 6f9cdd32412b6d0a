import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import type { Account } from '../../app/model/account.ts'
import { SYSTEM } from '../../app/model/audit.ts'
import { digestBesideRevoked } from '../../app/policy/revocations.ts'
import type { Activation } from '../../app/reload/activation.ts'
import { openStore } from '../../app/store/open.ts'
import type { Store } from '../../app/store/store.ts'
import { POLICY_YAML } from '../http/policies.ts'
import { type RunningPolicy, runPolicy, startPolicy } from '../http/running-policy.ts'
import { standInSessions } from '../http/stand-in-sessions.ts'

const ON_TRIAL = POLICY_YAML.replace('default: deny', 'default: deny\n  reload: { probation: 60s }')
const WITHIN_MS = 20_000

let folder: string
let store: Store
let clock: number
let accounts: readonly Account[]
let first: RunningPolicy
/** The process that comes after the first was killed. */
let next: RunningPolicy
let outcomes: Activation[]

const options = () => ({ folder, store, now: () => new Date(clock), accounts: () => accounts })
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-resumed-'))
  clock = Date.now()
  accounts = standInSessions().list()
  const key = new Secret(randomBytes(32))
  store = await openStore({ dataDir: folder, key, now: () => new Date(clock), log: silentLog })
  first = await startPolicy(options())
  writeFileSync(join(folder, 'policies', 'policy.yaml'), ON_TRIAL)
  const applied = await first.policies.apply({ by: SYSTEM, reason: 'apply' })
  assert.ok(applied.kind === 'applied' && applied.probationUntil !== undefined)
  await first.probation.stop() // nothing of it is written down with that: the process is gone
  next = await startNext()
})
afterEach(async () => {
  await next.probation.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

async function startNext(): Promise<RunningPolicy> {
  const started = runPolicy(first.policySwitch.current(), options())
  outcomes = []
  started.policySwitch.onOutcome(outcome => outcomes.push(outcome))
  await started.policySwitch.resumeProbation()
  assert.equal(started.probation.current()?.revision, 'r8')
  return started
}

async function trialIsOver(): Promise<void> {
  clock += 61_000
  const deadline = Date.now() + WITHIN_MS
  while (next.probation.current() !== undefined) {
    assert.ok(Date.now() < deadline, 'the trial does not end')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

test('a policy whose trial was cut short by a kill is taken back when it fails in the next process', async () => {
  accounts = accounts.map(account => ({
    ...account,
    state: 'closed',
    health: { connected: false, receiving: false, sending: false },
  }))
  await trialIsOver()
  const { revision, snapshot } = next.policySwitch.current()
  const digests = { left: first.policySwitch.current().snapshot.digest, now: snapshot.digest }
  assert.equal(revision, 'r9')
  const start = await store.policies.last({ result: 'applied', revision: 7 })
  assert.equal(digests.now, start?.digest, 'what was in force before both processes')
  assert.deepEqual(
    outcomes.map(outcome => (outcome.kind === 'refused' ? outcome.first : outcome.kind)),
    [
      'applied',
      {
        code: 'PS-7003',
        message: 'taken back by its probation: the account main was connected before and is not any more',
      },
    ],
  )
  const left = digestBesideRevoked((await store.policies.filesOf(digests.left)) ?? [])
  assert.equal((await store.policies.refusalOf(left))?.because, 'reverted')
  const again = await next.policies.apply({ by: SYSTEM, reason: 'apply' })
  assert.ok(again.kind === 'refused' && again.at === 'remembered')
  const last = runPolicy(next.policySwitch.current(), options())
  await last.policySwitch.resumeProbation()
  assert.equal(last.probation.current(), undefined, 'the trial is over for every process to come')
})

test('it stays when it does no harm there either', async () => {
  await trialIsOver()
  const { revision, snapshot } = next.policySwitch.current()
  assert.deepEqual([revision, outcomes], ['r8', []])
  assert.equal(await store.policies.refusalOf(snapshot.digest), undefined)
})
