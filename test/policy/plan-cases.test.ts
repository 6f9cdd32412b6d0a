import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitOf } from '../../app/cli/policy/plan.ts'
import { summaryText } from '../../app/policy/plan/change.ts'
import { asText } from '../../app/policy/plan/format/text.ts'
import { planOf } from '../../app/policy/plan/plan.ts'
import { KINDS } from '../../app/policy/shape/schemas.ts'
import { readPlanCases, sidesOf } from './plan-case.ts'

const cases = readPlanCases()

/** Each file is a pair of policies with what a plan says of them. A new case is a new file. */
for (const planCase of cases) {
  test(`plans the case ${planCase.name}`, () => {
    const plan = planOf(sidesOf(planCase), { tags: planCase.tags ?? [] })
    assert.equal(asText(plan), `${planCase.want.trimEnd()}\n\n${planCase.summary}`)
    assert.equal(summaryText(plan.summary), planCase.summary)
    assert.equal(exitOf(plan, true), planCase.exit)
  })

  test(`plans nothing from the case ${planCase.name} to itself`, () => {
    const { from, to } = sidesOf(planCase)
    assert.deepEqual([planOf({ from, to: from }).changes, planOf({ from: to, to }).changes], [[], []])
  })
}

test('has a case for every class, every action, every kind and every exit code', () => {
  const told = cases.map(({ want, summary, exit }) => `${want}\n${summary}\nexit ${exit}`).join('\n')
  for (const word of ['WIDER', 'TIGHTER', 'DESTRUCTIVE', 'NEUTRAL', 'exit 0', 'exit 5', 'exit 6']) {
    assert.ok(told.includes(word), word)
  }
  const kinds = new Set([...told.matchAll(/^[+~-] (\w+) /gm)].map(([, kind]) => kind))
  const silent = ['Hooks', 'PolicyTest'] // nothing that may be done changes with them
  assert.deepEqual(
    KINDS.filter(kind => !kinds.has(kind)),
    KINDS.filter(kind => silent.includes(kind)),
  )
  for (const sign of ['+', '~', '-']) assert.ok(told.includes(`\n${sign} `), sign)
})
