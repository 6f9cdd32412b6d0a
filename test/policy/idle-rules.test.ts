import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DecisionRequest } from '../../app/model/decision.ts'
import { decide } from '../../app/policy/decide/decide.ts'
import { loadPolicy } from '../../app/policy/load.ts'
import { documentsOf, request, rule, type SmallPolicy, smallPolicy, textOf } from './plan-arbitrary.ts'
import { ALL_SECRETS } from './world.ts'

/** So many that chance does not come near the floor: of 50, four in a thousand are below it. */
const RUNS = process.env.TEST_LONG === undefined ? 200 : 5_000
const REQUESTS = 60
const FACTS = { ...ALL_SECRETS, lintAt: new Date('2026-11-26T12:00:00Z') }
const IDLE: ReadonlySet<string> = new Set(['PS-3109', 'PS-3110'])

/** A rule, and one that is like it but for a member: the nearest that rules come to covering one another. */
const alike = fc
  .tuple(rule, fc.constantFrom('allow', 'deny', 'hold', undefined), fc.nat({ max: 20 }), fc.boolean())
  .map(([one, effect, n, narrows]) => {
    const { when = {}, accounts, ...rest } = one as { when?: object; accounts?: string[] }
    const left = Object.entries(when).filter((_, at) => at !== n % (Object.keys(when).length + 1))
    const like = {
      ...{ ...rest, ...(effect && { effect }) },
      ...(narrows ? { accounts: ['main'] } : accounts && { accounts }),
      ...(left.length > 0 && { when: Object.fromEntries(left) }),
    }
    return [one, like]
  })

const policy = fc.tuple(smallPolicy, fc.array(alike, { minLength: 1, maxLength: 4 })).map(
  ([small, rules]): SmallPolicy => ({
    ...small,
    rules: Object.fromEntries(rules.flat().map((one, n) => [`r${n}`, one])),
  }),
)

/** As the appliance itself asks: a send says all that is known, and what was read or asked for carries no facts of a send. */
const real = request.map((one): DecisionRequest => {
  const { principal, action, account, to = '+33600000001', type = 'text', ip, at } = one
  const usual = { principal, action, at, ...(account && { account }), ...(ip && { ip }) }
  if (action === 'accounts.read') return usual
  if (action !== 'messages.send') return { ...usual, to, type }
  const { firstContact = false, consents = [] } = one
  return {
    ...one,
    to,
    type,
    firstContact,
    consents,
    ...(firstContact && { lastInboundAt: 'never' as const }),
  }
})

function loaded(text: string) {
  const outcome = loadPolicy([{ name: 'a.yaml', text }], FACTS)
  if (outcome.kind === 'rejected') throw new Error(outcome.diagnostics.map(({ message }) => message).join())
  return outcome
}

test('tells only of rules without which every request is decided as with them', () => {
  const told = { 'PS-3109': 0, 'PS-3110': 0 }
  fc.assert(
    fc.property(
      policy,
      fc.array(real, { minLength: REQUESTS, maxLength: REQUESTS }),
      (declared, requests) => {
        const { snapshot, warnings } = loaded(textOf(documentsOf(declared)))
        const idle = warnings.filter(({ code }) => IDLE.has(code))
        for (const { code } of idle) told[code as keyof typeof told] += 1
        const names = idle.map(({ message }) => /^rule "(\w+)"/.exec(message)?.[1])
        const without = { ...snapshot, rules: snapshot.rules.filter(({ id }) => !names.includes(id)) }
        for (const one of requests) {
          const [was, is] = [decide(snapshot, one).effect, decide(without, one).effect]
          assert.equal(is, was, JSON.stringify({ one, idle: idle.map(({ message }) => message) }))
        }
      },
    ),
    { numRuns: RUNS },
  )
  assert.ok(Math.min(...Object.values(told)) > RUNS / 5, `there must be some: ${JSON.stringify(told)}`)
})
