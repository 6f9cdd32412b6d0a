import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyWorld } from './policy-world.ts'

const RULE = `kind: Access
spec:
  rules:
    - id: billing-sends
      effect: allow
      principals: [billing]
      actions: [messages.send]
      accounts: [main]
      when: { messageTypes: [text], purpose: [billing] }
`

const tests = (by: string) => `kind: PolicyTest
metadata: { name: billing }
spec:
  now: 2026-11-23T10:00:00Z
  given: { base: { principal: billing, network: office, account: main, to: "+33600000001", type: text, purpose: billing } }
  cases:
    - { name: sends, expect: { decision: allow, by: ${by} } }
`

test('exits 0 when every policy test passes, and says how many', async t => {
  const run = await policyWorld(t, { 'access.yaml': RULE, 'tests.yaml': tests('billing-sends') }).run([
    'test',
  ])
  assert.equal(run.exitCode, 0)
  assert.match(run.out, /^ok {6}billing: sends$/m)
  assert.match(run.out, /1 of 1 tests passed; 1 of 1 rules decided a request\./)
})

test('exits 4 when a policy test fails, with its place, what it wants and what it gets', async t => {
  const world = policyWorld(t, { 'access.yaml': RULE, 'tests.yaml': tests('default') })
  const run = await world.run(['test'])
  assert.equal(run.exitCode, 4)
  assert.match(run.out, /FAILED {2}billing: sends \(tests\.yaml:7\)/)
  assert.match(run.out, /want allow, by default\n {8}got {2}allow, by billing-sends/)
  const { failed, results } = JSON.parse((await world.run(['test', '--json'])).out)
  assert.deepEqual([failed, results[0].ok, results[0].line], [1, false, 7])
})

test('exits 3 when there is nothing to test, because the policy does not check', async t => {
  const run = await policyWorld(t, { 'access.yaml': RULE.replace('billing-sends', 'Billing') }).run(['test'])
  assert.equal(run.exitCode, 3)
  assert.match(run.err, /access\.yaml:4:11/)
})

test('shows what each rule has been asked, and which of its conditions nobody tried', async t => {
  const files = { 'access.yaml': RULE, 'tests.yaml': tests('billing-sends') }
  const run = await policyWorld(t, files).run(['test', '--coverage'])
  assert.match(
    run.out,
    /rule {4}billing-sends \(access\.yaml:4\): never failed: when\.messageTypes, when\.purpose/,
  )
})

test('explains a decision with every rule that spoke, and what the nearest one lacks', async t => {
  const world = policyWorld(t, { 'access.yaml': RULE })
  const asked = [
    'explain',
    '--as',
    'service:billing',
    '--account',
    'main',
    '--to',
    '+33600000001',
    '--type',
    'text',
  ]
  const denied = await world.run([...asked, '--ip', '10.20.4.17'])
  assert.equal(denied.exitCode, 0)
  assert.match(denied.out, /^DENY {2}messages\.send {2}billing -> \+33600000001 via main/)
  assert.match(denied.out, /allow billing-sends \(access\.yaml:4\): no match\n.*when\.purpose FAILED/)
  assert.match(denied.out, /Nearest: rule billing-sends lacks when\.purpose alone\./)
  const flags = [...asked, '--network', 'office', '--purpose', 'billing', '--json']
  const { effect, by, trace } = JSON.parse((await world.run(flags)).out)
  assert.deepEqual([effect, by], ['allow', 'billing-sends'])
  assert.deepEqual(trace, [
    { rule: 'billing-sends', file: 'access.yaml', line: 4, effect: 'allow', matched: true, failed: [] },
  ])
})

test('exits 2 for what is no question', async t => {
  const world = policyWorld(t)
  for (const wrong of [['explain'], ['explain', '--as', 'billing', '--at', 'soon'], ['explain', 'PS-9999']]) {
    const run = await world.run(wrong)
    assert.equal(run.exitCode, 2, wrong.join(' '))
    assert.notEqual(run.err, '')
  }
})
