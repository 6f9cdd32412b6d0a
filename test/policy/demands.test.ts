import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unmetDemands } from '../../app/policy/tests/demands.ts'
import { BASE, load } from './world.ts'

const RULES = `kind: Access
spec:
  rules:
    - { id: sends, effect: allow, principals: [billing], actions: [messages.send] }
    - { id: reads, effect: allow, principals: [billing], actions: [messages.read] }
---
kind: PolicyTest
metadata: { name: billing }
spec:
  now: 2026-11-23T10:00:00Z
  given: { base: { principal: billing, network: office, account: main, to: "+33600000001", type: text } }
  cases:
    - { name: sends, expect: { decision: allow, by: sends } }
`

function unmet(rules: string, demands = '{}') {
  const base = BASE.replace('spec: { default: deny }', `spec: { default: deny, tests: ${demands} }`)
  const outcome = load({ 'base.yaml': base, 'rules.yaml': rules })
  if (outcome.kind === 'rejected') throw new Error(outcome.diagnostics.map(({ message }) => message).join())
  return unmetDemands(outcome.snapshot, outcome.tests).map(
    ({ code, file, range, message }) => `${file}:${range?.start.line} ${code} ${message}`,
  )
}

test('keeps a set from being loaded for a test that fails, unless the set asks for a report only', () => {
  assert.deepEqual(unmet(RULES), [])
  const wrong = RULES.replace('decision: allow', 'decision: hold')
  assert.deepEqual(unmet(wrong), [
    'rules.yaml:13 PS-7001 the test "billing: sends" wants hold, by sends and gets allow, by sends',
  ])
  assert.deepEqual(unmet(wrong, '{ require: report }'), [])
})

test('keeps a set from being loaded for a rule without a test, as far as the set asks for it', () => {
  assert.deepEqual(unmet(RULES, '{ minRuleCoverage: 50 }'), [])
  assert.deepEqual(unmet(RULES, '{ minRuleCoverage: 51 }'), [
    'rules.yaml:5 PS-7002 no test comes to a decision by the rule "reads"',
  ])
})
