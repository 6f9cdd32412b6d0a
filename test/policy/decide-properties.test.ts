import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DecisionRequest } from '../../app/model/decision.ts'
import { decide } from '../../app/policy/decide/decide.ts'
import type { PolicySnapshot, Rule } from '../../app/policy/snapshot.ts'
import { documentsOf, request, rule, type SmallPolicy, smallPolicy, textOf } from './plan-arbitrary.ts'
import { compiled } from './plan-case.ts'

/**
 * Of the whole vocabulary; each run adds every rule of a policy to all others, for each of the requests. So many that what hold
 * rules move, about 1.1 a run with a deviation of 37 in all, never comes near the floor by chance.
 */
const RUNS = process.env.TEST_LONG === undefined ? 240 : 4_000
const REQUESTS = 40
const RANK = { deny: 0, hold: 1, allow: 2 } as const

const policy = fc.tuple(smallPolicy, fc.array(rule, { minLength: 2, maxLength: 8 })).map(
  ([small, rules]): SmallPolicy => ({
    ...small,
    rules: Object.fromEntries(rules.map((one, n) => [`r${n}`, one])),
  }),
)
const requests = fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS })

/** The same policy with other rules. */
const withRules = (snapshot: PolicySnapshot, rules: readonly Rule[]): PolicySnapshot => ({
  ...snapshot,
  rules,
})

test('only ever refuses more for a deny or hold rule, and only ever allows more for an allow rule', () => {
  const moved = { allow: 0, deny: 0, hold: 0 }
  const judge = (snapshot: PolicySnapshot, one: DecisionRequest) => RANK[decide(snapshot, one).effect]
  fc.assert(
    fc.property(policy, requests, (declared, asked) => {
      const whole = compiled(textOf(documentsOf(declared)))
      for (const added of whole.rules) {
        const before = withRules(
          whole,
          whole.rules.filter(({ id }) => id !== added.id),
        )
        for (const one of asked) {
          const step = judge(whole, one) - judge(before, one)
          const told = JSON.stringify({ added, one })
          assert.ok(added.effect === 'allow' ? step >= 0 : step <= 0, told)
          // What is held was allowed before: a hold takes nothing that was denied, and gives nothing.
          assert.ok(added.effect !== 'hold' || step === 0 || step === RANK.hold - RANK.allow, told)
          if (step !== 0) moved[added.effect] += 1
        }
      }
    }),
    { numRuns: RUNS },
  )
  assert.ok(Math.min(...Object.values(moved)) > RUNS / 4, `rules must matter: ${JSON.stringify(moved)}`)
})

test('decides the same by the same rule whatever the order of rules and documents', () => {
  fc.assert(
    fc.property(policy, requests, fc.nat(), (declared, asked, turn) => {
      const documents = documentsOf(declared)
      const from = turn % documents.length
      const moved = [...documents.slice(from), ...documents.slice(0, from)].toReversed()
      const [one, other] = [compiled(textOf(documents)), compiled(textOf(moved))]
      const shuffled = withRules(one, one.rules.toReversed())
      for (const each of asked) {
        const decision = decide(one, each)
        assert.deepEqual(decide(other, each), decision)
        assert.equal(decide(shuffled, each).effect, decision.effect)
      }
    }),
    { numRuns: RUNS },
  )
})
