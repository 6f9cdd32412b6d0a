import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DecisionRequest } from '../../app/model/decision.ts'
import { decide } from '../../app/policy/decide/decide.ts'
import { changesBetween } from '../../app/policy/plan/sections.ts'
import { around, meeting, type RuleBody, withoutInterplay } from './plan-aimed.ts'
import {
  documentsOf,
  request,
  type SmallPolicy,
  smallPolicy,
  textOf,
  twoPolicies,
  twoRules,
} from './plan-arbitrary.ts'
import { compiled } from './plan-case.ts'

const RUNS = process.env.TEST_LONG === undefined ? 100 : 2_000
const RANK = { deny: 0, hold: 1, allow: 2 } as const

test('never lets a request through that a plan does not call WIDER, nor refuses one that it does not call TIGHTER', () => {
  let [opened, closed] = [0, 0]
  fc.assert(
    fc.property(
      twoPolicies,
      fc.array(fc.tuple(request, fc.nat(), fc.nat()), { minLength: 40, maxLength: 40 }),
      ([before, after], asked) => {
        const from = compiled(textOf(documentsOf(before)))
        const to = compiled(textOf(documentsOf(after)))
        const classes = new Set(changesBetween({ from, to }).flatMap(change => change.classes))
        for (const one of asked.map(numbers => aimedAt([before, after], numbers))) {
          const [was, is] = [decide(from, one), decide(to, one)]
          const more = RANK[is.effect] - RANK[was.effect]
          const told = JSON.stringify({ one, was, is })
          if (more > 0) opened += 1
          if (more < 0) closed += 1
          assert.ok(more <= 0 || classes.has('WIDER'), `not called WIDER: ${told}`)
          assert.ok(more >= 0 || classes.has('TIGHTER'), `not called TIGHTER: ${told}`)
        }
      },
    ),
    { numRuns: 3 * RUNS }, // about 1.8 a run are opened, in bunches: of fewer runs one in a thousand is below the floor
  )
  assert.ok(
    Math.min(opened, closed) > (3 * RUNS) / 4,
    `requests must flip: ${opened} opened, ${closed} closed`,
  )
})

test('calls another rule in the place of one WIDER exactly when some request around them is let through, and TIGHTER likewise', () => {
  const told = { WIDER: 0, TIGHTER: 0, neither: 0 }
  fc.assert(
    fc.property(smallPolicy, twoRules, request, (policy, bodies, other) => {
      const [one, another] = withoutInterplay(bodies as readonly RuleBody[])
      assert.ok(one && another)
      const everything = { effect: 'allow', principals: ['*'], actions: ['*'] }
      const beside = one.effect === 'allow' ? undefined : everything
      const sides = [one, { ...another, effect: one.effect }].map(body => {
        const own = { ...policy, roles: [], principals: {}, rules: { a: body, z: beside } }
        return { snapshot: compiled(textOf(documentsOf(own))), met: meeting(body, own, other) }
      })
      fc.pre(sides.every(({ snapshot, met }) => decide(snapshot, met).by === 'a')) // what nothing can meet opens nothing
      const [from, to] = sides.map(({ snapshot }) => snapshot)
      assert.ok(from && to)
      const flips = sides.flatMap(({ met }) =>
        around(met).map(near => RANK[decide(to, near).effect] - RANK[decide(from, near).effect]),
      )
      const classes = new Set(changesBetween({ from, to }).flatMap(change => change.classes))
      const [wider, tighter] = [flips.some(flip => flip > 0), flips.some(flip => flip < 0)]
      if (wider) told.WIDER++
      if (tighter) told.TIGHTER++
      if (!wider && !tighter) told.neither++
      assert.deepEqual([classes.has('WIDER'), classes.has('TIGHTER')], [wider, tighter])
    }),
    { numRuns: 3 * RUNS },
  )
  assert.ok(Math.min(told.WIDER, told.TIGHTER) > RUNS / 2, JSON.stringify(told))
})

test('calls one more rule, and one less, by what becomes of requests', () => {
  const flips = { WIDER: 0, TIGHTER: 0 }
  const effect = fc.constantFrom('allow', 'hold', 'deny')
  fc.assert(
    fc.property(
      fc.tuple(smallPolicy, effect, fc.array(request, { minLength: 20, maxLength: 20 })),
      ([policy, does, requests]) => {
        const c = { effect: does, principals: ['*'], actions: ['*'] } // nearly every request meets it
        const [less, more] = [undefined, c].map(body =>
          compiled(textOf(documentsOf({ ...policy, rules: { ...policy.rules, c: body } }))),
        )
        assert.ok(less && more)
        for (const [from, to] of [[less, more] as const, [more, less] as const]) {
          const classes = changesBetween({ from, to }).flatMap(change => change.classes)
          for (const one of requests) {
            const change = RANK[decide(to, one).effect] - RANK[decide(from, one).effect]
            if (change === 0) continue
            const called = change > 0 ? 'WIDER' : 'TIGHTER'
            flips[called] += 1
            assert.deepEqual(classes, [called], JSON.stringify({ does, one }))
          }
        }
      },
    ),
    { numRuns: RUNS },
  )
  assert.ok(Math.min(flips.WIDER, flips.TIGHTER) > RUNS, JSON.stringify(flips))
})

test('plans nothing when rules, documents, lists and keys only change places', () => {
  fc.assert(
    fc.property(smallPolicy, fc.infiniteStream(fc.nat()), (policy, numbers) => {
      const documents = documentsOf(policy)
      const from = compiled(textOf(documents))
      const to = compiled(textOf(shuffled(documents, () => numbers.next().value ?? 0) as object[]))
      assert.notEqual(from, to)
      assert.deepEqual(changesBetween({ from, to }), [])
    }),
    { numRuns: RUNS },
  )
})

/** Every list and every map in another order, all the way down. */
function shuffled(value: unknown, next: () => number): unknown {
  if (Array.isArray(value)) return inOtherOrder(value, next).map(item => shuffled(item, next))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, member]) => [key, shuffled(member, next)] as const)
  return Object.fromEntries(inOtherOrder(entries, next))
}

function inOtherOrder<T>(items: readonly T[], next: () => number): readonly T[] {
  return items
    .map(item => ({ item, by: next() }))
    .sort((a, b) => a.by - b.by)
    .map(({ item }) => item)
}

/** A request that meets a rule of one of the policies, but for one word; now and then any. */
function aimedAt(
  policies: readonly SmallPolicy[],
  [other, pick, but]: readonly [DecisionRequest, number, number],
): DecisionRequest {
  const rules = policies.flatMap(policy =>
    Object.values(policy.rules).flatMap(body => (body === undefined ? [] : [{ policy, body }])),
  )
  const aim = rules[pick % (rules.length + 1)]
  if (aim === undefined) return other
  const words = Object.keys(other) as (keyof DecisionRequest)[]
  const word = words[but % words.length] ?? 'at'
  return { ...meeting(aim.body as RuleBody, aim.policy, other), [word]: other[word] }
}
