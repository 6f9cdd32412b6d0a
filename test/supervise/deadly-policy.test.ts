import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import { eventually } from '../gateway/sandbox.ts'
import { type Appliance, startAppliance } from './appliance/running.ts'
import { onTrial, POLICY, WITHOUT_HOOKS, withAccount } from './policies.ts'

const WITHIN_MS = 180_000
const skip = process.env.TEST_LONG === '1' ? false : 'the app is started ten times: --long'

let appliance: Appliance
let client: CertificateAndKey
before(async () => {
  if (skip !== false) return
  appliance = await startAppliance(POLICY)
  client = await appliance.clientCa.issue()
})
after(async () => {
  if (skip === false) await appliance.dispose()
})

type Shown = {
  readonly live: { readonly revision: string; readonly reason: string }
  readonly disk: { readonly in_force: boolean }
  readonly rejected: { readonly error: string } | null
}
type Fact = { readonly data: { readonly refused_by: string; readonly error: { readonly code: string } } }

const status = () => appliance.control<Shown>('/v1/policy')

async function inForce(): Promise<unknown> {
  const { status, headers } = await appliance.api(client)
  assert.equal(status, 200)
  return headers['postern-policy']
}

async function rejections(): Promise<readonly (readonly string[])[]> {
  const { data } = await appliance.control<{ data: readonly Fact[] }>('/v1/events?types=policy.rejected')
  return data.map(({ data: { refused_by, error } }) => [refused_by, error.code])
}

async function said(line: RegExp): Promise<void> {
  await eventually(String(line), async () => line.test(appliance.log()) || undefined, WITHIN_MS)
}

const deaths = () => appliance.log().match(/app ended with code 1/g)?.length ?? 0

test('a probation goes on over a kill of the app, and the policy that does no harm stays', {
  skip,
}, async () => {
  const { app = 0 } = appliance.pids()
  appliance.write(onTrial('4s', WITHOUT_HOOKS))
  const applying = appliance.policy('apply')
  await said(/"event":"policy\.applied".*"revision":"r2"/)
  process.kill(app, 'SIGKILL')
  await said(/"event":"policy\.probation_resumed".*"revision":"r2"/)
  const applied = await applying
  assert.equal(applied.code, 0, applied.said)
  assert.match(applied.said, /^r2 has passed its probation$/m)
  assert.equal(await inForce(), 'r2')
})

test('a start with a policy under which the app dies before it is ready comes up with the one before', {
  skip,
}, async () => {
  assert.equal(await appliance.stop(), 0)
  appliance.write(withAccount('deadly', WITHOUT_HOOKS))
  await appliance.start()
  assert.equal(deaths(), 3)
  assert.equal(await inForce(), 'r4')
  assert.deepEqual(await rejections(), [['probation', 'PS-7005']])
})

test('a policy under which the app dies right after the switch is taken back, remembered, and told everywhere', {
  skip,
}, async () => {
  appliance.write(withAccount('deadly', onTrial('4s')))
  const reverted = await appliance.policy('apply')
  assert.equal(reverted.code, 9, reverted.said)
  assert.match(
    reverted.said,
    /the policy before is in force again: PS-7005 taken back: the app ended 3 times/,
  )
  assert.equal(deaths(), 6)
  assert.equal(await inForce(), 'r6')
  const { live, disk, rejected } = await status()
  assert.deepEqual([live.revision, live.reason, disk.in_force], ['r6', 'probation', false])
  assert.match(String(rejected?.error), /^PS-7005/)
  assert.deepEqual((await rejections()).slice(1), [['probation', 'PS-7005']])
  assert.match(appliance.log(), /"event":"policy\.rejected".*"code":"PS-7005"/)
  const again = await appliance.policy('apply')
  assert.equal(again.code, 9, again.said)
  assert.match(again.said, /unpin/)
  assert.deepEqual([deaths(), await inForce()], [6, 'r6'])
  appliance.write(POLICY)
  const mended = await appliance.policy('apply')
  assert.equal(mended.code, 0, mended.said)
  assert.equal(await inForce(), 'r7')
})
