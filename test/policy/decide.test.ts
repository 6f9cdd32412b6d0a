import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DecisionRequest } from '../../app/model/decision.ts'
import { decide } from '../../app/policy/decide/decide.ts'
import type { PolicySnapshot, Rule } from '../../app/policy/snapshot.ts'
import { snapshotOf } from './world.ts'

const AT = new Date('2026-11-23T10:00:00Z')

const SENDING: DecisionRequest = {
  principal: 'billing',
  action: 'messages.send',
  account: 'main',
  to: '+33600000001',
  recipientKind: 'contact',
  type: 'text',
  ip: '10.20.4.17',
  at: AT,
}

const RULES = `kind: Access
spec:
  roles: { sender: [messages.send, media.write] }
  rules:
    - id: billing-sends
      effect: allow
      principals: [billing]
      roles: [sender]
      accounts: [main]
      when: { messageTypes: [text, document], recipients: { prefixes: ["+33"], numbers: ["+4930000001"] } }
    - id: reports-do-all-but-send
      effect: allow
      principals: [reports]
      actions: ["accounts.*", messages.read]
    - id: media-is-free
      effect: allow
      principals: [billing]
      actions: ["media.*"]
      when: { networks: [office] }
    - id: not-these
      effect: deny
      principals: ["*"]
      actions: [messages.send]
      when: { recipients: { prefixes: ["+33999"] } }
      message: These numbers are closed.
    - id: no-groups
      effect: deny
      principals: ["*"]
      actions: ["messages.*"]
      when: { recipientKind: [group, channel] }
    - id: documents-need-a-human
      effect: hold
      principals: [billing]
      actions: [messages.send]
      when: { messageTypes: [document] }
`

const policy = snapshotOf(RULES)

type Difference = { readonly [Word in keyof DecisionRequest]?: DecisionRequest[Word] | undefined }

const CASES: readonly (readonly [string, Difference, string])[] = [
  ['what an allow rule says', {}, 'allow billing-sends'],
  ['a number that is named as a whole', { to: '+4930000001' }, 'allow billing-sends'],
  ['a number of nobody', { to: '+4930000002' }, 'deny default'],
  ['another account', { account: 'second' }, 'deny default'],
  ['no account at all', { account: undefined }, 'deny default'],
  ['a type that is not listed', { type: 'image' }, 'deny default'],
  ['a send that hides its type', { type: undefined }, 'deny default'],
  ['another action', { action: 'messages.read' }, 'deny default'],
  ['deny wins over allow', { to: '+33999000001' }, 'deny not-these'],
  ['a contact without a number meets every deny', { to: '123456789@lid' }, 'deny not-these'],
  ['a send to nobody meets every deny', { to: undefined }, 'deny not-these'],
  ['a group', { to: '12345-67890@g.us', recipientKind: 'group' }, 'deny no-groups'],
  [
    'a group that is said to be nothing',
    { to: '12345-67890@g.us', recipientKind: undefined },
    'deny no-groups',
  ],
  ['a hold on what is allowed', { type: 'document' }, 'hold documents-need-a-human'],
  ['a hold never grants', { type: 'document', to: '+4930000002' }, 'deny default'],
  ['another network', { ip: '10.20.5.17' }, 'deny network'],
  ['IPv4 in IPv6 clothes', { ip: '::ffff:10.20.4.17' }, 'allow billing-sends'],
  ['IPv6', { ip: '2001:db8:1::7' }, 'allow billing-sends'],
  ['no address', { ip: undefined }, 'deny network'],
  ['what is no address', { ip: 'localhost' }, 'deny network'],
  ['a network in a condition', { action: 'media.read' }, 'allow media-is-free'],
  ['a principal that nobody declared', { principal: 'nobody' }, 'deny default'],
  ['a principal of the language', { principal: 'constructor' }, 'deny default'],
  ['a glob of actions', { principal: 'reports', action: 'accounts.link' }, 'allow reports-do-all-but-send'],
  [
    'the last moment before expiry',
    { principal: 'reports', action: 'messages.read', at: new Date('2027-03-30T23:59:59.999Z') },
    'allow reports-do-all-but-send',
  ],
  [
    'the moment of expiry',
    { principal: 'reports', action: 'messages.read', at: new Date('2027-03-31T00:00:00Z') },
    'deny expired',
  ],
  [
    'expiry before network',
    { principal: 'reports', ip: '8.8.8.8', at: new Date('2028-01-01') },
    'deny expired',
  ],
  [
    'a person by the role',
    { principal: 'oncall', action: 'accounts.link', ip: '127.0.0.1' },
    'allow role:operator',
  ],
  ['a person beyond the role', { principal: 'oncall', ip: '127.0.0.1' }, 'deny default'],
  ['a role is not for its namesakes', { action: 'accounts.link' }, 'deny default'],
  ['a role from the wrong network', { principal: 'oncall', action: 'accounts.link' }, 'deny network'],
]

for (const [name, difference, want] of CASES) {
  test(`decides ${name}: ${want}`, () => {
    const request = { ...SENDING, ...difference }
    const known = Object.entries(request).filter(([, value]) => value !== undefined)
    const { effect, by } = decide(policy, Object.fromEntries(known) as DecisionRequest)
    assert.equal(`${effect} ${by}`, want)
  })
}

test('tells whom a rule refuses what the rule says', () => {
  assert.equal(decide(policy, { ...SENDING, to: '+33999000001' }).reason, 'These numbers are closed.')
})

const aRule: fc.Arbitrary<Rule> = fc.record({
  id: fc.stringMatching(/^[a-z]{3,8}$/),
  effect: fc.constantFrom('allow', 'deny', 'hold'),
  principals: fc.constantFrom(['*'], ['billing'], ['reports']),
  actions: fc.constantFrom(['*'], ['messages.send'], ['messages.*'], ['accounts.read']),
  when: fc.oneof(
    fc.constant({}),
    fc.record({ messageTypes: fc.subarray(['text', 'image']) }),
    fc.record({ recipients: fc.record({ prefixes: fc.subarray(['+33', '+1', '+339']) }) }),
    fc.record({ recipientKind: fc.subarray<'contact' | 'group'>(['contact', 'group']) }),
    fc.record({ networks: fc.subarray(['office', 'loopback']) }),
  ),
})

const aRequest: fc.Arbitrary<DecisionRequest> = fc
  .record(
    {
      principal: fc.constantFrom('billing', 'reports', 'oncall', 'nobody'),
      action: fc.constantFrom('messages.send', 'messages.read', 'accounts.read'),
      account: fc.constantFrom('main', 'second', 'third'),
      to: fc.constantFrom('+33600000001', '+1555', '123456789@lid', '12345-67890@g.us'),
      type: fc.constantFrom('text', 'image'),
      ip: fc.constantFrom('10.20.4.17', '127.0.0.1', '8.8.8.8'),
      at: fc.constant(AT),
    },
    { requiredKeys: ['principal', 'action', 'at'] },
  )
  .map(request => request as DecisionRequest)

const RANK = { deny: 0, hold: 1, allow: 2 } as const

function withRules(rules: readonly Rule[]): PolicySnapshot {
  return { ...policy, rules }
}

test('allows nothing without an allow rule for that principal', () => {
  fc.assert(
    fc.property(fc.array(aRule, { maxLength: 6 }), aRequest, (rules, request) => {
      const own = rules.filter(
        rule => !rule.principals.includes('*') && !rule.principals.includes(request.principal),
      )
      assert.equal(decide(withRules(own), request).effect, 'deny')
    }),
  )
})

test('never allows more to a request that says less', () => {
  const parts = ['account', 'to', 'type', 'ip'] as const
  fc.assert(
    fc.property(
      fc.array(aRule, { maxLength: 6 }),
      aRequest,
      fc.constantFrom(...parts),
      (rules, request, part) => {
        const { [part]: _, ...less } = request
        const full = decide(withRules(rules), { ...request, action: 'messages.send' })
        const short = decide(withRules(rules), { ...less, action: 'messages.send' } as DecisionRequest)
        assert.ok(RANK[short.effect] <= RANK[full.effect])
      },
    ),
  )
})
