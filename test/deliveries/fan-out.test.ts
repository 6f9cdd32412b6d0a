import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRouter } from '../../app/deliveries/fan-out.ts'
import type { EventDraft } from '../../app/model/event.ts'
import type { Endpoint } from '../../app/policy/snapshot.ts'
import { endpointOf, policyOf } from './samples.ts'

const DRAFT: EventDraft = { type: 'message.received', account: 'main', chat: '+15550100', data: { a: 1 } }
const AT = new Date('2026-11-23T10:00:00Z')

function route(draft: EventDraft, ...endpoints: Endpoint[]) {
  return createRouter({ policy: () => policyOf(...endpoints), now: () => AT })(draft)
}

test('gives the event an id and an instant, and one delivery to each endpoint that wants it', () => {
  const event = route(
    DRAFT,
    endpointOf({ name: 'a' }),
    endpointOf({ name: 'b' }),
    endpointOf({ name: 'c', events: new Set(['account.linked']) }),
  )
  assert.match(event.id, /^evt_/)
  assert.equal(event.at, AT)
  assert.deepEqual({ type: event.type, account: event.account, chat: event.chat, data: event.data }, DRAFT)
  assert.deepEqual(
    event.deliveries.map(delivery => delivery.endpoint),
    ['a', 'b'],
  )
  assert.ok(event.deliveries.every(delivery => delivery.id.startsWith('dlv_')))
  assert.notEqual(event.deliveries[0]?.id, event.deliveries[1]?.id)
})

test('gives an endpoint limited to accounts their events, and nothing else', () => {
  const limited = endpointOf({
    accounts: new Set(['main']),
    events: new Set(['message.received', 'policy.applied']),
  })
  assert.equal(route(DRAFT, limited).deliveries.length, 1)
  assert.equal(route({ ...DRAFT, account: 'other' }, limited).deliveries.length, 0)
  const applied: EventDraft = { type: 'policy.applied', data: {} }
  assert.equal(route(applied, limited).deliveries.length, 0)
  const { accounts: _, ...unlimited } = limited
  assert.equal(route(applied, unlimited).deliveries.length, 1)
})

test('keys the lane by what the endpoint wants in order', () => {
  const lane = (order: Endpoint['order'], draft = DRAFT) =>
    route(draft, endpointOf({ order })).deliveries[0]?.lane
  const { chat: _, ...chatless } = DRAFT
  assert.equal(lane('none'), '')
  assert.equal(lane('per-account'), 'main')
  assert.equal(lane('per-chat'), 'main/+15550100')
  assert.equal(lane('per-chat', chatless), '')
})

test('asks for the policy of the moment at every event', () => {
  let policy = policyOf()
  const router = createRouter({ policy: () => policy, now: () => AT })
  assert.equal(router(DRAFT).deliveries.length, 0)
  policy = policyOf(endpointOf())
  assert.equal(router(DRAFT).deliveries.length, 1)
})
