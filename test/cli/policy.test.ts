import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DIAGNOSTIC_FORMATS } from '../../app/policy/format/format.ts'
import { policyWorld } from './policy-world.ts'

const THREE_MISTAKES = `kind: Access
spec:
  rules:
    - id: billing-sends
      effect: alow
      principals: [billing]
      actions: [messages.send]
      accounts: [man]
      whenn: { messageTypes: [text] }
`

test('exits 0 for a clean policy, and says what it holds', async t => {
  const run = await policyWorld(t).run(['check'], { ok: true })
  assert.equal(run.exitCode, 0)
  assert.match(run.out, /^The policy is clean: 2 accounts, 3 principals, 1 rule, 0 endpoints\. sha256:/)
})

test('exits 3 and tells three different mistakes of one file with file, line and column', async t => {
  const run = await policyWorld(t, { 'access.yaml': THREE_MISTAKES }).run(['check', '--format', 'plain'])
  assert.equal(run.exitCode, 3)
  assert.deepEqual(
    run.out.split('\n').map(line => line.split(': ').slice(0, 3).join(': ')),
    [
      'access.yaml:5:15: error: PS-1106',
      'access.yaml:8:18: error: PS-2107',
      'access.yaml:9:7: error: PS-1103',
    ],
  )
})

test('prints nothing but JSON when asked for JSON, clean or not', async t => {
  const clean = await policyWorld(t).run(['check', '--json'])
  assert.deepEqual([clean.exitCode, JSON.parse(clean.out).valid, clean.err], [0, true, ''])
  const faulty = await policyWorld(t, { 'access.yaml': THREE_MISTAKES }).run(['check', '--format', 'json'])
  assert.deepEqual([faulty.exitCode, JSON.parse(faulty.out).error_count, faulty.err], [3, 3, ''])
})

test('tells in every format where a file is no UTF-8, and fmt leaves it alone', async t => {
  const { run, folder } = policyWorld(t)
  const bytes = Buffer.from('kind: Accounts\nspec:\n  north: { displayName: Café }\n', 'latin1')
  const file = join(folder, 'policies', 'north.yaml')
  writeFileSync(file, bytes)
  for (const format of DIAGNOSTIC_FORMATS) {
    const { exitCode, out } = await run(['check', '--format', format])
    assert.equal(exitCode, 3)
    for (const word of ['PS-1008', 'north.yaml', '3', 'not UTF-8 text']) {
      assert.ok(out.includes(word), `${word} in ${format}: ${out}`)
    }
  }
  assert.match((await run(['check', '--format', 'plain'])).out, /^north\.yaml:3:28: error: PS-1008: [^\n]*$/)
  assert.equal((await run(['fmt'])).exitCode, 3)
  assert.deepEqual(readFileSync(file), bytes)
  writeFileSync(file, bytes.toString('latin1'))
  assert.equal((await run(['check'])).exitCode, 0)
})

test('exits 3 when a secret is not there, and 0 once it is', async t => {
  const { run, folder } = policyWorld(t, {
    'more.yaml':
      'kind: Principals\nspec: { services: { late: { apiKey: { hashRef: "secret:late" }, networks: [office] } } }\n',
  })
  assert.equal((await run(['check', '--no-secrets'])).exitCode, 0, 'a pipeline holds no secrets')
  const before = await run(['check', '--format', 'plain'])
  assert.match(before.out, /^more\.yaml:2:48: error: PS-4101: there is no secret:late/)
  assert.equal(before.exitCode, 3)
  writeFileSync(join(folder, 'secrets', 'late'), 'x')
  assert.equal((await run(['check'])).exitCode, 0)
})

test('exits 3 when Caddy refuses the edge, with its reason', async t => {
  const error = 'Caddy refuses the edge of this policy: unrecognized directive'
  const run = await policyWorld(t).run(['check'], { ok: false, error })
  assert.equal(run.exitCode, 3)
  assert.match(run.out, /PS-4201\]: Caddy refuses the edge of this policy: unrecognized directive/)
})

test('exits 0 with warnings alone, and shows them', async t => {
  const wide = 'kind: Networks\nspec: { world: { cidrs: ["0.0.0.0/0"] } }\n'
  const run = await policyWorld(t, { 'more.yaml': wide }).run(['check'])
  assert.equal(run.exitCode, 0)
  assert.match(run.out, /warning\[PS-3102\]/)
})

test('looks for what is right and most likely not meant on the day that it is, also where there are no secrets', async t => {
  const more = 'kind: Principals\nspec: { people: { guest: { networks: [office], expires: 2026-12-01 } } }\n'
  const { run, folder } = policyWorld(t, { 'more.yaml': more })
  const expires =
    'more.yaml:2:57: warning: PS-3111: "guest" expires in 8 days (set a later day if it is still needed, else remove it)'
  assert.deepEqual(await run(['check', '--no-secrets', '--format', 'plain']), {
    exitCode: 0,
    out: expires,
    err: '',
  })
  assert.equal((await run(['check', '--format', 'plain'], { ok: true })).out, expires)
  chmodSync(join(folder, 'secrets', 'basic-oncall'), 0o644)
  for (const above of [folder, join(folder, 'secrets')]) chmodSync(above, 0o755)
  const exposed = await run(['check', '--format', 'plain'], { ok: true })
  assert.equal(exposed.exitCode, 0)
  assert.match(
    exposed.out,
    /^base\.yaml:10:44: warning: PS-4104: secret:basic-oncall for passwordRef of basic-auth user /,
  )
})

test('exits 3 when there is no such folder', async t => {
  const run = await policyWorld(t).run(['check', '--policies', '/nowhere/at/all'])
  assert.equal(run.exitCode, 3)
  assert.match(run.err, /there is no policy folder/)
})

test('explains a code and does not know others', async t => {
  const { run } = policyWorld(t)
  const known = await run(['explain', 'PS-2107'])
  assert.deepEqual([known.exitCode, known.out.split('\n')[0]], [0, 'unknown account'])
  assert.equal((await run(['explain', 'PS-9999'])).exitCode, 2)
})
