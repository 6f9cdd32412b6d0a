import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DecisionRequest } from '../../app/model/decision.ts'
import { decide } from '../../app/policy/decide/decide.ts'
import { explain } from '../../app/policy/decide/explain.ts'
import { snapshotOf } from './world.ts'

const REQUEST: DecisionRequest = {
  principal: 'billing',
  action: 'messages.send',
  account: 'main',
  to: '+33600000001',
  type: 'text',
  ip: '10.20.4.17',
  at: new Date('2026-11-23T10:00:00Z'), // a Monday, 11:00 in Paris
}

function rule(id: string, effect: string, when: string): string {
  return `    - { id: ${id}, effect: ${effect}, principals: [billing], actions: [messages.send], accounts: [main], when: ${when} }\n`
}

const ALL = '{ networks: [office] }'
const access = (...rules: readonly string[]) => snapshotOf(`kind: Access\nspec:\n  rules:\n${rules.join('')}`)

/** Each condition as the only one of an allow rule, and of a deny rule beside an allow for all. */
function bothWays(when: string) {
  const allowing = access(rule('one', 'allow', when))
  const denying = access(rule('all', 'allow', ALL), rule('one', 'deny', when))
  return (request: DecisionRequest) =>
    [decide(allowing, request).effect, decide(denying, request).effect].join(' ')
}

const [HOLDS, FAILS, UNKNOWN] = ['allow deny', 'deny allow', 'deny deny']

type Difference = Partial<{ [Word in keyof DecisionRequest]: DecisionRequest[Word] }>

const TABLE: Readonly<Record<string, readonly (readonly [string, Difference, string])[]>> = {
  '{ purpose: [billing, service] }': [
    ['one of them', { purpose: 'service' }, HOLDS],
    ['another', { purpose: 'marketing' }, FAILS],
    ['none', {}, FAILS],
  ],
  '{ firstContact: true }': [
    ['first', { firstContact: true }, HOLDS],
    ['not first', { firstContact: false }, FAILS],
    ['nobody looked', {}, UNKNOWN],
  ],
  '{ firstContact: false }': [
    ['first', { firstContact: true }, FAILS],
    ['not first', { firstContact: false }, HOLDS],
  ],
  '{ conversation: { openedByContactWithin: 24h } }': [
    ['to the millisecond', { lastInboundAt: new Date('2026-11-22T10:00:00.000Z') }, HOLDS],
    ['a millisecond late', { lastInboundAt: new Date('2026-11-22T09:59:59.999Z') }, FAILS],
    ['never', { lastInboundAt: 'never' }, FAILS],
    ['nobody looked', {}, UNKNOWN],
  ],
  '{ recipients: { consent: required } }': [
    ['to this purpose', { purpose: 'billing', consents: ['service', 'billing'] }, HOLDS],
    ['to another purpose', { purpose: 'billing', consents: ['service'] }, FAILS],
    ['without a purpose', { consents: ['service'] }, FAILS],
    ['nobody looked', { purpose: 'billing' }, UNKNOWN],
  ],
  '{ messageTypes: [template], templates: ["invoice-*"] }': [
    ['one of them', { type: 'template', template: 'invoice-2026' }, HOLDS],
    ['another', { type: 'template', template: 'promotion' }, FAILS],
    ['one that does not say which', { type: 'template' }, UNKNOWN],
    ['another type', { type: 'text' }, FAILS],
  ],
  '{ messageTypes: [text, template], templates: ["invoice-*"] }': [
    ['a text is judged by its type', { type: 'text' }, HOLDS],
    ['another type', { type: 'image' }, FAILS],
  ],
  '{ size: { min: 1KiB, max: 1MiB } }': [
    ['the smallest', { type: 'image', size: 1_024 }, HOLDS],
    ['the largest', { type: 'document', size: 1_048_576 }, HOLDS],
    ['too small', { type: 'image', size: 1_023 }, FAILS],
    ['too large', { type: 'video', size: 1_048_577 }, FAILS],
    ['of a file of unknown size', { type: 'image' }, UNKNOWN],
  ],
  '{ mime: ["image/*", application/pdf] }': [
    ['by glob', { type: 'image', mime: 'image/webp' }, HOLDS],
    ['by name', { type: 'document', mime: 'application/pdf' }, HOLDS],
    ['another', { type: 'document', mime: 'text/html' }, FAILS],
    ['not said', { type: 'document' }, UNKNOWN],
  ],
  '{ hours: { tz: Europe/Paris, allow: "Mon-Fri 08:00-20:00, Sat 10:00-12:00" } }': [
    ['the first minute', { at: new Date('2026-11-23T07:00:00Z') }, HOLDS],
    ['the minute before', { at: new Date('2026-11-23T06:59:59Z') }, FAILS],
    ['the last second', { at: new Date('2026-11-23T18:59:59Z') }, HOLDS],
    ['the end', { at: new Date('2026-11-23T19:00:00Z') }, FAILS],
    ['a second span', { at: new Date('2026-11-28T10:30:00Z') }, HOLDS],
    ['a day without any', { at: new Date('2026-11-29T10:30:00Z') }, FAILS],
    ['summer time', { at: new Date('2026-07-20T06:00:00Z') }, HOLDS],
  ],
  '{ hours: { tz: Europe/Paris, allow: "Fri 22:00-06:00" } }': [
    ['before midnight', { at: new Date('2026-11-27T21:30:00Z') }, HOLDS],
    ['after midnight', { at: new Date('2026-11-28T04:59:00Z') }, HOLDS],
    ['the night before', { at: new Date('2026-11-27T04:00:00Z') }, FAILS],
    ['the hour that summer time skips', { at: new Date('2026-03-28T04:59:00Z') }, HOLDS],
  ],
  '{ hours: { tz: Europe/Paris, allow: "Sun 02:00-03:00" } }': [
    ['the hour that comes twice, first', { at: new Date('2026-10-25T00:30:00Z') }, HOLDS],
    ['the hour that comes twice, again', { at: new Date('2026-10-25T01:30:00Z') }, HOLDS],
    ['the hour that does not come', { at: new Date('2026-03-29T01:30:00Z') }, FAILS],
  ],
  '{ hours: { tz: recipient, allow: "Mon-Sun 08:00-20:00" } }': [
    ['where the number is at home', { to: '+33600000001' }, HOLDS],
    ['where it is night', { to: '+81312345678', at: new Date('2026-11-23T12:00:00Z') }, FAILS],
    [
      'a country with several zones, all awake',
      { to: '+61412345678', at: new Date('2026-11-23T03:00:00Z') },
      HOLDS,
    ],
    ['some awake', { to: '+61412345678', at: new Date('2026-11-23T00:00:00Z') }, UNKNOWN],
    ['an area of a country', { to: '+12025550100', at: new Date('2026-11-23T14:00:00Z') }, HOLDS],
    ['a number of no country', { to: '+99912345678' }, UNKNOWN],
    ['a group', { to: '12345-67890@g.us' }, UNKNOWN],
  ],
}

for (const [when, cases] of Object.entries(TABLE)) {
  const judge = bothWays(when)
  for (const [name, difference, want] of cases) {
    test(`${when}: ${name}`, () => assert.equal(judge({ ...REQUEST, ...difference }), want))
  }
}

test('narrows an allow by template, size and mime for the messages they speak of alone, and denies no others', () => {
  for (const when of ['{ templates: ["invoice-*"] }', '{ size: { max: 1MiB } }', '{ mime: ["image/*"] }']) {
    assert.equal(bothWays(when)(REQUEST), 'allow allow', when)
  }
})

test('traces every rule that speaks of the request, and names the one thing that an allow rule lacks', () => {
  const policy = access(
    rule('invoices', 'allow', '{ messageTypes: [text], purpose: [billing], networks: [office] }'),
    rule('documents', 'allow', '{ messageTypes: [document], purpose: [billing] }'),
    rule('no-groups', 'deny', '{ recipientKind: [group] }'),
  )
  const { effect, by, trace, nearMisses } = explain(policy, REQUEST)
  assert.deepEqual([effect, by], ['deny', 'default'])
  assert.deepEqual(trace, [
    {
      rule: 'no-groups',
      file: 'more.yaml',
      line: 6,
      effect: 'deny',
      matched: false,
      failed: ['when.recipientKind'],
      held: [],
    },
    {
      rule: 'documents',
      file: 'more.yaml',
      line: 5,
      effect: 'allow',
      matched: false,
      failed: ['when.messageTypes', 'when.purpose'],
      held: [],
    },
    {
      rule: 'invoices',
      file: 'more.yaml',
      line: 4,
      effect: 'allow',
      matched: false,
      failed: ['when.purpose'],
      held: ['when.messageTypes', 'when.networks'],
    },
  ])
  assert.deepEqual(nearMisses, [{ rule: 'invoices', failed: 'when.purpose' }])
  const allowed = explain(policy, { ...REQUEST, purpose: 'billing' })
  assert.deepEqual([allowed.effect, allowed.by, allowed.nearMisses], ['allow', 'invoices', []])
})
