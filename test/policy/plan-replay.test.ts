import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DecisionRequest } from '../../app/model/decision.ts'
import { driftBetween } from '../../app/policy/plan/drift.ts'
import { asText } from '../../app/policy/plan/format/text.ts'
import { planOf } from '../../app/policy/plan/plan.ts'
import { replay } from '../../app/policy/plan/replay.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import { snapshotOf } from './world.ts'

const access = (...rules: readonly string[]) =>
  snapshotOf(`kind: Access\nspec:\n  rules:\n${rules.join('\n')}\n`)
const TEXTS =
  '    - { id: texts, effect: allow, principals: [billing], actions: [messages.send], when: { messageTypes: [text] } }'
const ALL = '    - { id: all, effect: allow, principals: [billing], actions: [messages.send] }'
const HELD =
  '    - { id: held, effect: hold, principals: ["*"], actions: [messages.send], when: { messageTypes: [image] } }'

const sent = (change: Partial<DecisionRequest>): DecisionRequest => ({
  principal: 'billing',
  action: 'messages.send',
  account: 'main',
  to: '+33600000001',
  type: 'text',
  ip: '10.20.4.17',
  at: new Date('2026-11-23T10:00:00Z'),
  ...change,
})

const SINCE = new Date('2026-11-23T09:00:00Z')
const LATER = new Date('2026-11-23T11:00:00Z')

test('lists requests that flip, those that are alike as one, the most frequent first', async () => {
  const requests = [
    sent({}),
    sent({ type: 'image', at: LATER }),
    sent({ type: 'poll' }),
    sent({ type: 'image', to: '+33600000002' }),
    sent({ type: 'image', account: 'second' }),
  ]
  const { flips } = await replay({ from: access(TEXTS), to: access(ALL, HELD) }, SINCE, requests)
  assert.deepEqual(
    flips.map(({ account, from, to, count, firstAt, lastAt }) => ({
      ...{ account, count, hours: [firstAt, lastAt].map(at => at.getUTCHours()) },
      flip: `${from.effect} by ${from.by} -> ${to.effect} by ${to.by}`,
    })),
    [
      { account: 'main', count: 2, hours: [10, 11], flip: 'deny by default -> hold by held' },
      { account: 'main', count: 1, hours: [10, 10], flip: 'deny by default -> allow by all' },
      { account: 'second', count: 1, hours: [10, 10], flip: 'deny by default -> hold by held' },
    ],
  )
  assert.ok(!JSON.stringify(flips).includes('+336'), 'whom a message went to is not told')
})

test('says nothing of a request that another rule decides the same way', async () => {
  const replayed = await replay({ from: access(TEXTS), to: access(ALL) }, SINCE, [sent({})])
  assert.deepEqual(replayed, { since: SINCE, requests: 1, flips: [] })
})

test('flips what the numbers that are taken decide', async () => {
  const strict = access(ALL)
  const lenient = snapshotOf(
    `kind: Access\nspec:\n  rules:\n${ALL}\n---\nkind: Recipients\nspec: { normalise: { reject: [] } }\n`,
  )
  const { flips } = await replay({ from: strict, to: lenient }, SINCE, [sent({ to: '+33000000001' })])
  const [flip] = flips
  assert.deepEqual(flip?.from, { effect: 'deny', by: 'invalid-recipient' })
  assert.deepEqual(flip?.to, { effect: 'allow', by: 'all' })
})

test('tells the flips with the plan when requests were decided again, and that there are none', async () => {
  const sides = { from: access(ALL), to: access(TEXTS) }
  const some = await replay(sides, SINCE, [sent({ type: 'image' }), sent({})])
  assert.match(
    asText(planOf(sides, { replayed: some })),
    /\n2 recorded requests since 2026-11-23T09:00:00\.000Z; these would be decided otherwise:\n {4}billing messages\.send on main: allow by all -> deny by default \(1 request\)\n/,
  )
  const none = await replay(sides, SINCE, [sent({})])
  assert.match(
    asText(planOf(sides, { replayed: none })),
    /\n1 recorded request since \S+: none would be decided otherwise\n/,
  )
  assert.doesNotMatch(asText(planOf(sides)), /ecorded request/)
})

test('says of each rule that changes how many recorded requests it decides otherwise, and of no other rule', async () => {
  const requests = [
    sent({ type: 'image' }),
    sent({ type: 'image', account: 'second' }),
    sent({ type: 'poll' }),
  ]
  const impact = async (from: PolicySnapshot, to: PolicySnapshot) => {
    const { changes } = planOf({ from, to }, { replayed: await replay({ from, to }, SINCE, requests) })
    return changes.map(({ name, state }) => [name, ...state.filter(line => line.includes('recorded'))])
  }
  const narrowed = ALL.replace(' }', ', when: { messageTypes: [text, poll] } }')
  assert.deepEqual(await impact(access(ALL), access(narrowed)), [
    ['all', '2 recorded requests that it allowed would be refused.'],
  ])
  assert.deepEqual(await impact(access(narrowed), access(ALL)), [
    ['all', '2 recorded requests that were refused would be allowed by it.'],
  ])
  assert.deepEqual(await impact(access(ALL), access(ALL, HELD)), [
    ['held', '2 recorded requests that were allowed would be held by it.'],
  ])
  assert.deepEqual(await impact(access(ALL, HELD), access(ALL)), [
    ['held', '2 recorded requests that it held would be allowed.'],
  ])
  assert.deepEqual(await impact(access(TEXTS), access(ALL, TEXTS)), [
    ['all', '3 recorded requests that were refused would be allowed by it.'],
  ])
  assert.deepEqual(await impact(access(ALL), access(ALL, TEXTS)), [['texts']])
})

test('tells drift of meaning from drift of text, and from none', () => {
  const live = access(TEXTS)
  assert.deepEqual(driftBetween({ live, disk: access(TEXTS) }), { kind: 'none' })
  assert.deepEqual(driftBetween({ live, disk: access(TEXTS, '    # a comment') }), { kind: 'rewritten' })
  const drift = driftBetween({ live, disk: access(ALL) })
  assert.deepEqual(drift.kind === 'differs' && drift.changes.map(({ action, name }) => `${action} ${name}`), [
    'add all',
    'delete texts',
  ])
})
