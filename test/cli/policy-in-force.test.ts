import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { Command } from 'commander'
import { revokeCommand } from '../../app/cli/pki-revoke.ts'
import { inForceCommands } from '../../app/cli/policy/in-force.ts'
import { loadConfig } from '../../app/config/config.ts'
import { POLICY_YAML } from '../http/policies.ts'
import { type RunningHttp, startHttp } from '../http/running-http.ts'
import { runCommand } from './running.ts'

let http: RunningHttp
let caddyRefuses: string | undefined
beforeEach(async () => {
  caddyRefuses = undefined
  const agree = async () => ({ ok: true, reloaded: true }) as const
  const put = async () =>
    caddyRefuses === undefined ? agree() : { ok: false as const, error: caddyRefuses, silent: false }
  http = await startHttp({ edge: { put, putBack: agree, news: () => undefined } })
})
afterEach(() => http.stop())

const write = (text: string) => writeFileSync(join(http.dataDir, 'policies', 'policy.yaml'), text)
const said = (set: string) => POLICY_YAML.replace('default: deny', `default: deny\n  ${set}`)
const policy = (...args: string[]) =>
  runCommand(
    deps => {
      const group = new Command('policy')
      for (const command of inForceCommands(deps)) group.addCommand(command)
      return group
    },
    http.dataDir,
    args,
  )

const refusals = [
  { name: 'a check', text: POLICY_YAML.replace('[busy]', '[buzy]'), code: 3, out: /did you mean "busy"/ },
  { name: 'a rule without a test', text: said('tests: { minRuleCoverage: 100 }'), code: 4, out: /PS-7002/ },
  {
    name: 'a guardrail',
    text: said('guardrails: [{ id: no-new-allow, on: access, deny: newAllow }]').replace(
      '  rules:',
      '  rules:\n    - { id: more, effect: allow, principals: [narrow], actions: [audit.read] }',
    ),
    code: 6,
    out: /PS-5001/,
  },
  {
    name: 'a missing signature',
    text: said('signing: { require: true, keys: ["secret:signers.pem"] }'),
    code: 7,
    out: /PS-6/,
  },
] as const
for (const { name, text, code, out } of refusals) {
  test(`apply exits with ${code} for ${name}, and with 0 for the same without it`, async () => {
    write(text)
    const refused = await policy('apply')
    assert.deepEqual([refused.code, out.test(refused.out)], [code, true], refused.out)
    assert.equal(http.policySwitch.current().revision, 'r7')
    write(POLICY_YAML.replaceAll('owner: tests', 'owner: mended'))
    const applied = await policy('apply')
    assert.equal(applied.code, 0)
    assert.match(applied.out, /^r8 is in force: .*, the edge was reloaded$/)
  })
}

test('apply exits with 3 when Caddy refuses, and reloads it when only files beside the policy have changed', async () => {
  caddyRefuses = 'no such directive'
  assert.equal((await policy('apply')).code, 3)
  caddyRefuses = undefined
  const same = await policy('apply')
  assert.equal(same.code, 0)
  assert.match(same.out, /^r7 is in force already: .*, the edge was reloaded$/)
  const { items } = await http.store.audit.list({ action: 'edge.reloaded', limit: 5 })
  assert.deepEqual(
    items.map(({ principal, decision }) => [principal, decision]),
    [['system', 'done']],
  )
})

test('drift, rollback, history and unpin say what is and what they did', async () => {
  assert.deepEqual(await policy('drift', '--detailed-exitcode'), {
    ...{ code: 0, err: '', out: 'no drift: the folder is r7' },
  })
  write(POLICY_YAML.replaceAll('owner: tests', 'owner: edited'))
  const adrift = await policy('drift', '--detailed-exitcode')
  assert.equal(adrift.code, 5)
  assert.match(adrift.out, /^drift: the folder is sha256:/)
  assert.equal((await policy('drift')).code, 0)
  assert.equal(JSON.parse((await policy('drift', '--json')).out).drift, true)
  await policy('apply')
  assert.match((await policy('rollback', 'r7')).out, /^r9 is in force/)
  const pinned = await policy('apply')
  assert.equal(pinned.code, 9)
  assert.match(pinned.out, /left by a rollback/)
  assert.equal((await policy('unpin')).out, '1 unpinned')
  assert.equal((await policy('unpin')).out, '0 unpinned')
  assert.match((await policy('apply')).out, /^r10 is in force/)
  assert.match((await policy('history')).out, /r10 [\s\S]*r9 [\s\S]*rollback[\s\S]*r8 [\s\S]*r7 /)
  await assert.rejects(policy('rollback', 'r99'), { code: 'control.refused', message: /no such revision/ })
  assert.match((await policy('status')).out, /^live +r10 .*\n[\s\S]*^rejected +none$/m)
})

/** `pki revoke` of the certificate that this client shows. */
async function revoke(as: string) {
  const { serial } = (await http.ask({ path: '/v1/whoami', as })).json.credential
  const flags = { data: http.dataDir, policies: join(http.dataDir, 'policies') }
  const loaded = loadConfig({ env: {}, root: '/', flags })
  assert.ok(loaded.kind === 'loaded')
  const command = () => revokeCommand({ configure: () => loaded.config })
  return runCommand(command, http.dataDir, ['--serial', String(serial), '--json'])
}

const answers = async (path: string) =>
  Promise.all(['billing', 'narrow'].map(async as => (await http.ask({ path, as })).status))

test('pki revoke leaves out of force what a rollback has left in the folder, and revokes in it too', async () => {
  const grant = '{ id: narrow-audits, effect: allow, principals: [narrow], actions: [audit.read] }'
  write(POLICY_YAML.replace('  rules:', `  rules:\n    - ${grant}`))
  await policy('apply')
  assert.deepEqual(await answers('/v1/audit'), [200, 200])
  await policy('rollback')
  assert.deepEqual(await answers('/v1/audit'), [200, 403])
  const { code, out } = await revoke('billing')
  const { files, not_written, in_force, drift } = JSON.parse(out)
  assert.deepEqual([code, files, not_written, drift], [0, ['policy.yaml'], null, true])
  assert.deepEqual([in_force.result, in_force.revision], ['applied', 'r10'])
  assert.deepEqual(await answers('/v1/audit'), [401, 403])
  assert.deepEqual([(await policy('apply')).code, await answers('/v1/audit')], [9, [401, 403]])
  await policy('unpin')
  assert.deepEqual([(await policy('apply')).code, await answers('/v1/audit')], [0, [401, 200]])
})

test('pki revoke tells the appliance also when the folder cannot take it, says so and exits with 1', async () => {
  write('kind: Principals\nspec: { services: [\n')
  const { code, out } = await revoke('billing')
  const { files, not_written, in_force } = JSON.parse(out)
  assert.deepEqual([code, files, in_force.result], [1, [], 'applied'])
  assert.match(not_written, /no policy file has a document of kind Principals/)
  assert.deepEqual(await answers('/v1/whoami'), [401, 200])
})

test('pki revoke undoes nothing that comes into force while it works', async t => {
  const closed = POLICY_YAML.replace('actions: [accounts.read, messages.read', 'actions: [messages.read')
  const { filesOf } = http.store.policies
  t.mock.method(http.store.policies, 'filesOf', filesOf).mock.mockImplementationOnce(async digest => {
    const files = await filesOf(digest)
    write(closed)
    await policy('apply')
    return files
  })
  assert.deepEqual(await answers('/v1/accounts/main'), [200, 200])
  const { out } = await revoke('billing')
  assert.deepEqual(JSON.parse(out).in_force.revision, 'r9')
  assert.deepEqual(await answers('/v1/accounts/main'), [401, 403])
})
