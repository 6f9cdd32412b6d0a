import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DecisionRequest } from '../../app/model/decision.ts'
import { decide } from '../../app/policy/decide/decide.ts'
import { cedarOf, type Sayable, type SayableRule } from './cedar.ts'
import { ACTIONS, listed, orAbsent, request, rule, someOf, textOf, written } from './plan-arbitrary.ts'
import { compiled } from './plan-case.ts'

/*
 * Cedar decides the same requests from the same declared words, by a translation that shares nothing with the engine: neither
 * the compiler, nor the index, nor what a condition means. What Cedar cannot say is left out: hours and limits.
 */
const REQUESTS = 100
const POLICIES = process.env.TEST_LONG === undefined ? 100 : 2_000
const CIDRS = ['10.0.0.0/24', '10.0.0.0/25', '10.1.0.0/24', '2001:db8::/32', '192.0.2.0/24']

const sayableRule = rule.map(({ when, ...rest }: { readonly when?: object }): SayableRule => {
  const { hours, ...conditions } = { hours: undefined, ...when }
  return { ...rest, ...(Object.keys(conditions).length > 0 && { when: conditions }) } as SayableRule
})
const holding = sayableRule.map((one): SayableRule => ({ ...one, effect: 'hold' }))

/** One rule for nearly everything: beside rules that are all narrow most requests would be denied by default. */
const broad: fc.Arbitrary<SayableRule> = fc.constantFrom(
  { effect: 'allow', principals: ['*'], roles: ['operator'] },
  { effect: 'allow', principals: ['*'], roles: ['operator'], when: { recipients: { list: 'eu' } } },
)

const policy: fc.Arbitrary<Sayable> = fc.record({
  networks: fc.record({ office: someOf(...CIDRS), branch: someOf(...CIDRS) }),
  principals: fc
    .record({
      billing: fc.record({ networks: orAbsent(someOf('office', 'branch')) }),
      reports: fc.record({ expires: orAbsent(fc.constant('2026-11-25')) }),
      oncall: fc.record({ roles: fc.subarray(['operator', 'auditor']) }),
    })
    .map(declared => written(declared) as Sayable['principals']),
  revoked: fc.subarray(['4f9a', '4f9b']),
  accounts: fc.constant(['main', 'second']),
  roles: fc.record({ operator: someOf(...ACTIONS), auditor: fc.constant(['messages.read']) }),
  lists: fc.record({ eu: listed }),
  rules: fc
    .tuple(
      fc.option(broad, { nil: undefined, freq: 9 }),
      fc.array(sayableRule, { maxLength: 7 }),
      fc.array(holding, { maxLength: 4 }),
    )
    .map(([most, others, holds]) => {
      const rules = [most, ...others, ...holds].filter(one => one !== undefined)
      return Object.fromEntries(rules.map((one, n) => [`rule-${n}`, one]))
    }),
})

const asked: fc.Arbitrary<DecisionRequest> = fc
  .tuple(
    request,
    fc.record({
      principal: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, 'nobody'),
      account: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, 'mystery'),
      recipientKind: fc.constantFrom(undefined, undefined, undefined, 'contact', 'group'),
      optedOut: fc.constantFrom(undefined, undefined, undefined, false, true),
      credentialSerial: fc.constantFrom(undefined, undefined, undefined, '4f9a', '4f9c'),
    }),
  )
  .map(([usual, more]) => ({ ...usual, ...written(more) }) as DecisionRequest)

test('decides as Cedar does, by a rule that Cedar names too', () => {
  const counts = { allow: 0, deny: 0, hold: 0 }
  const deciding = new Set<string>()
  const several = fc.array(asked, { minLength: REQUESTS, maxLength: REQUESTS })
  fc.assert(
    fc.property(policy, several, (declared, requests) => {
      const snapshot = compiled(textOf(documentsOf(declared)))
      const askCedar = cedarOf(declared)
      for (const one of requests) {
        const [own, cedar] = [decide(snapshot, one), askCedar(one)]
        const told = JSON.stringify({ one, own, cedar: { ...cedar, by: [...cedar.by] }, declared })
        assert.equal(own.effect, cedar.effect, told)
        assert.ok(cedar.by.size === 0 ? own.by === 'default' : cedar.by.has(own.by), told)
        counts[own.effect] += 1
        deciding.add(own.by.replace(/^rule-.*/, own.effect))
      }
    }),
    { numRuns: POLICIES, endOnFailure: true }, // a smaller example of so many requests takes minutes to find
  )
  const few = (POLICIES * REQUESTS) / 40
  assert.ok(Math.min(...Object.values(counts)) > few, JSON.stringify(counts))
  const words = [
    'allow',
    'default',
    'deny',
    'expired',
    'hold',
    'network',
    'opted-out',
    'revoked',
    'role:operator',
  ]
  assert.deepEqual(
    words.filter(word => !deciding.has(word)),
    [],
  )
})

function documentsOf({ networks, principals, revoked, accounts, roles, lists, rules }: Sayable): object[] {
  const { oncall, ...services } = principals
  return [
    { kind: 'PolicySet', metadata: { name: 'small' }, spec: { default: 'deny' } },
    { kind: 'Edge', spec: { sites: { hooks: { address: 'https://localhost:7443' } } } },
    {
      kind: 'Networks',
      spec: Object.fromEntries(Object.entries(networks).map(([name, cidrs]) => [name, { cidrs }])),
    },
    {
      kind: 'Principals',
      spec: {
        services: Object.fromEntries(
          Object.entries(services).map(([name, who]) => [
            name,
            { mtls: { sanUri: `spiffe://postern/client/${name}` }, ...who },
          ]),
        ),
        people: { oncall: oncall?.roles?.length === 0 ? {} : oncall },
        revoked: revoked.map(serial => ({ serial, since: '2026-11-01', reason: 'lost' })),
      },
    },
    { kind: 'Accounts', spec: Object.fromEntries(accounts.map(name => [name, {}])) },
    { kind: 'Recipients', spec: { lists } },
    { kind: 'Access', spec: { roles, rules: Object.entries(rules).map(([id, body]) => ({ id, ...body })) } },
  ]
}
