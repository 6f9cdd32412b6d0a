import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { tellControl } from '../../app/cli/control.ts'
import type { Account } from '../../app/model/account.ts'
import type { PolicyFile } from '../../app/model/policy-file.ts'
import { addRevocations, digestBesideRevoked, revokedIn } from '../../app/policy/revocations.ts'
import { POLICY_YAML } from './policies.ts'
import { type Body, type RunningHttp, startHttp } from './running-http.ts'
import { standInSessions } from './stand-in-sessions.ts'

const WITHIN_MS = 20_000
const ON_TRIAL = POLICY_YAML.replace('default: deny', 'default: deny\n  reload: { probation: 60s }')

let http: RunningHttp
let main: Partial<Account>
/** Stands still until a test moves it. */
let clock: number
beforeEach(async () => {
  clock = Date.now()
  const sessions = standInSessions()
  main = {}
  http = await startHttp({
    now: () => new Date(clock),
    sessions: {
      list: () => sessions.list().map(each => (each.name === 'main' ? { ...each, ...main } : each)),
    },
  })
})
afterEach(() => http.stop())

function write(text: string): void {
  writeFileSync(join(http.dataDir, 'policies', 'policy.yaml'), text)
}

const said = (owner: string) => ON_TRIAL.replaceAll('owner: tests', `owner: ${owner}`)
const apply = () => tellControl<Body>(http, { path: '/v1/policy/apply', body: {} })
const status = () => tellControl<Body>(http, { path: '/v1/policy' })
const asks = async (as: string, path = '/v1/accounts') => (await http.ask({ path, as })).status

function passMinute(): void {
  clock += 61_000
}

/** What is in force when the trial is over. */
async function afterProbation(): Promise<Body> {
  const deadline = Date.now() + WITHIN_MS
  for (;;) {
    const now = await status()
    if (now.probation === null) return now
    assert.ok(Date.now() < deadline, 'the probation does not end')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const live = ({ live }: Body) => (live as Body).revision

/** Puts what is in force and this revocation in force, as `pki revoke` does. */
async function revoke(as: string): Promise<Body> {
  const { serial } = (await http.ask({ path: '/v1/whoami', as })).json.credential
  const { files } = await tellControl<{ files: PolicyFile[] }>(http, { path: '/v1/policy/files' })
  const body = { files: addRevocations(files, [{ serial: String(serial), since: '2026-11-02' }]) }
  return tellControl<Body>(http, { path: '/v1/policy/apply', body })
}

function loseMain(): void {
  main = { state: 'connecting', health: { connected: false, receiving: false, sending: false } }
}

test('a revocation needs no trial: what goes wrong after it does not bring the certificate back', async () => {
  write(ON_TRIAL)
  await apply()
  passMinute()
  assert.equal(live(await afterProbation()), 'r8')
  const revoked = await revoke('billing')
  assert.deepEqual([revoked.result, revoked.revision, revoked.probation_until], ['applied', 'r9', null])
  loseMain()
  passMinute()
  const ended = await afterProbation()
  assert.deepEqual([live(ended), ended.rejected], ['r9', null])
  assert.deepEqual([await asks('billing'), await asks('narrow')], [401, 200])
  write(said('else'))
  assert.match(String((await apply()).probation_until), /^20/, 'whatever else changes is on trial as before')
})

test('a revocation during a trial outlives it, and the trial goes on', async () => {
  const started = http.policySwitch.current().snapshot.digest
  write(said('harmful'))
  const { probation_until } = await apply()
  clock += 30_000
  const revoked = await revoke('billing')
  assert.deepEqual([revoked.revision, revoked.probation_until], ['r9', probation_until])
  loseMain()
  clock += 31_000
  const ended = await afterProbation()
  assert.equal(live(ended), 'r10')
  assert.match(String((ended.rejected as Body).error), /the account main was connected before/)
  assert.deepEqual([await asks('billing'), await asks('narrow')], [401, 200])
  const files = await http.store.policies.filesOf(http.policySwitch.current().snapshot.digest)
  const before = await http.store.policies.filesOf(started)
  assert.deepEqual([...revokedIn(files ?? [])].length, 1)
  assert.equal(digestBesideRevoked(files ?? []), digestBesideRevoked(before ?? []), 'the one of before')
  assert.equal((await apply()).refused_by, 'remembered')
  main = {}
  write(said('mended'))
  assert.equal((await apply()).revision, 'r11')
})

test('a policy that does no harm stays, and what is done on purpose is no harm', async () => {
  for (const caller of ['billing', 'narrow']) assert.equal(await asks(caller), 200)
  const serial = String((await http.ask({ path: '/v1/whoami', as: 'billing' })).json.credential.serial)
  const revoking = said('revoked').replace('  people:', `  revoked: [{ serial: "${serial}" }]\n  people:`)
  write(
    revoking
      .replace(/^ {4}narrow:.*\n/m, '')
      .replace(/^ {4}- id: narrow-sends[\s\S]*?\n---/m, '---')
      .replace('[narrow, distant', '[distant'),
  )
  const applied = await apply()
  assert.deepEqual([applied.result, applied.revision], ['applied', 'r8'], String(applied.report))
  assert.match(String(applied.probation_until), /^20/)
  for (const caller of ['billing', 'narrow']) assert.equal(await asks(caller), 401)
  main = { state: 'paused', health: { connected: false, receiving: false, sending: false } }
  passMinute()
  const ended = await afterProbation()
  assert.deepEqual([live(ended), ended.rejected], ['r8', null])
})

test('internal errors take a policy back; it is remembered, for everybody, until it is edited', async t => {
  write(said('harmful'))
  assert.equal((await apply()).revision, 'r8')
  const history = t.mock.method(http.store.policies, 'history', async () => {
    throw new Error('a bug that this policy brings to light')
  })
  for (let i = 0; i < 5; i++) assert.equal(await asks('billing', '/v1/policy/history'), 500)
  history.mock.restore()
  const ended = await afterProbation()
  assert.equal(live(ended), 'r9')
  assert.match(
    String((ended.rejected as Body).error),
    /^PS-7003 taken back by its probation: 5 internal errors/,
  )
  const again = await apply()
  assert.deepEqual([again.result, again.refused_by], ['refused', 'remembered'])
  const { items } = await http.store.events.list({ limit: 50 })
  assert.deepEqual(
    items.slice(-4).map(({ type }) => type),
    ['policy.applied', 'policy.applied', 'policy.rejected', 'security.alert'],
  )
  write(said('mended'))
  assert.equal((await apply()).revision, 'r10')
  passMinute()
  assert.equal(live(await afterProbation()), 'r10')
})

test('a policy under which known callers are unknown is taken back, and they are let in again', async () => {
  assert.equal(await asks('billing'), 200)
  write(said('mistyped').replace('client/billing', 'client/biling'))
  assert.equal((await apply()).revision, 'r8')
  assert.equal(await asks('billing'), 401)
  const ended = await afterProbation()
  assert.match(String((ended.rejected as Body).error), /1 of 1 callers .* unknown now: billing/)
  assert.equal(live(ended), 'r9')
  assert.equal(await asks('billing'), 200)
})

test('an account that does not come back takes the policy back', async () => {
  write(said('deaf'))
  assert.equal((await apply()).revision, 'r8')
  loseMain()
  passMinute()
  const ended = await afterProbation()
  assert.match(String((ended.rejected as Body).error), /the account main was connected before/)
})

test('what follows a policy on trial is held against what was before both; a rollback needs no trial', async () => {
  const started = http.policySwitch.current().snapshot.digest
  write(said('first'))
  await apply()
  write(said('second'))
  assert.equal((await apply()).revision, 'r9')
  main = { state: 'closed', health: { connected: false, receiving: false, sending: false } }
  passMinute()
  assert.equal(live(await afterProbation()), 'r10')
  assert.equal((await http.store.policies.last({ result: 'applied', revision: 10 }))?.digest, started)
  main = {}
  write(said('third'))
  assert.equal((await apply()).revision, 'r11')
  const back = await tellControl<Body>(http, { path: '/v1/policy/rollback', body: {} })
  assert.deepEqual([back.revision, back.probation_until], ['r12', null])
})
