import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import { get, sendRaw } from '../edge/raw-request.ts'
import { type Appliance, startAppliance } from './appliance/running.ts'
import { POLICY, WITHOUT_HOOKS, withAccount } from './policies.ts'

let appliance: Appliance
let client: CertificateAndKey
before(async () => {
  appliance = await startAppliance(POLICY)
  client = await appliance.clientCa.issue()
})
after(() => appliance.dispose())

type Fact = {
  readonly type: string
  readonly data: { readonly digest?: string; readonly refused_by?: string }
}
type Entry = {
  readonly target: string
  readonly decision: string
  readonly detail: { readonly refused_by: string }
}

async function refusals(): Promise<readonly string[]> {
  const events = await appliance.control<{ data: readonly Fact[] }>('/v1/events?types=policy.rejected')
  const audit = await appliance.control<{ data: readonly Entry[] }>('/v1/audit?action=policy.rejected')
  assert.deepEqual(
    audit.data.map(({ decision, detail }) => [decision, detail.refused_by]),
    events.data.map(({ data }) => ['deny', data.refused_by]),
    'the chain and the events say the same',
  )
  return events.data.map(({ data }) => String(data.refused_by))
}

async function hooksAnswer(): Promise<boolean> {
  const port = appliance.base + 41
  return (
    (await sendRaw(get('/hooks/x', `localhost:${port}`), { port, ca: appliance.edgeCa() })).kind ===
    'answered'
  )
}

/** What both sides have in force: the app's revision, and whether Caddy serves the site that some policies leave out. */
async function inForce(): Promise<readonly [unknown, boolean]> {
  const { status, headers } = await appliance.api(client)
  assert.equal(status, 200)
  return [headers['postern-policy'], await hooksAnswer()]
}

test('the app leaves a mark of the policy that it has examined for the next start', () => {
  const db = new DatabaseSync(join(appliance.folder, 'data', 'postern.db'), { readOnly: true })
  const { value } = { ...db.prepare("SELECT value FROM meta WHERE name = 'policy.examined'").get() }
  db.close()
  assert.match(String(value), /^[0-9a-f]{64}$/m)
})

test('what Caddy refuses leaves both sides as they were', async () => {
  assert.deepEqual(await inForce(), ['r1', true])
  for (const name of ['edge.pem', 'edge.key'])
    writeFileSync(join(appliance.secretsDir, name), 'nothing of the kind', { mode: 0o600 })
  const files = '{ mode: files, certificate: "secret:edge.pem", key: "secret:edge.key" }'
  appliance.write(WITHOUT_HOOKS.replace('{ mode: internal }', files))
  const refused = await appliance.policy('apply')
  assert.equal(refused.code, 3, refused.said)
  assert.match(refused.said, /Caddy refuses the edge of this policy: .*edge\.pem|PEM/)
  assert.deepEqual(await inForce(), ['r1', true])
  assert.deepEqual(await refusals(), ['edge'])
})

test('what the app cannot write down is taken from Caddy again; written down, it changes both sides', async () => {
  const db = new DatabaseSync(join(appliance.folder, 'data', 'postern.db'))
  db.exec(`CREATE TRIGGER refuses BEFORE INSERT ON policy_history WHEN NEW.result = 'applied'
    BEGIN SELECT RAISE(ABORT, 'this disk takes nothing'); END`)
  appliance.write(WITHOUT_HOOKS)
  const refused = await appliance.policy('apply')
  assert.equal(refused.code, 1, refused.said)
  assert.match(refused.said, /could not be written down: .*this disk takes nothing[\s\S]*still r1/)
  assert.deepEqual(await inForce(), ['r1', true])
  assert.deepEqual(await refusals(), ['edge', 'change'])

  db.exec('DROP TRIGGER refuses')
  db.close()
  const applied = await appliance.policy('apply')
  assert.equal(applied.code, 0, applied.said)
  assert.match(applied.said, /^r2 is in force: .*, the edge was reloaded$/m)
  assert.deepEqual(await inForce(), ['r2', false])
})

test('what a part of the app fails to take up is taken back on both sides, and remembered', async () => {
  appliance.write(withAccount('unwanted'))
  const reverted = await appliance.policy('apply')
  assert.equal(reverted.code, 9, reverted.said)
  assert.match(reverted.said, /taken back because the app could not take it up: a bug/)
  assert.deepEqual(await inForce(), ['r4', false])
  assert.deepEqual(await refusals(), ['edge', 'change', 'probation'])
  const again = await appliance.policy('apply')
  assert.equal(again.code, 9, again.said)
  assert.deepEqual(await inForce(), ['r4', false])
})
