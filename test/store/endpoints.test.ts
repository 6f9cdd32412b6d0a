import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewDelivery } from '../../app/model/event.ts'
import type { Attempt } from '../../app/store/deliveries.ts'
import type { EndpointHealth } from '../../app/store/endpoints.ts'
import type { Store } from '../../app/store/store.ts'
import {
  after,
  delivery,
  effectsIn,
  event,
  freshStore,
  open,
  START,
  someEffects,
  temporaryFolder,
} from './fixture.ts'

const ATTEMPT: Attempt = { at: START, status: 500, reason: 'endpoint answered 500', tookMs: 3 }
const DEAD = { kind: 'dead', attempt: ATTEMPT } as const
const LANE = 'main/+12025550101'
const HEALTH: EndpointHealth = {
  endpoint: 'ops',
  failureCount: 12,
  failingSince: after(1),
  lastSuccessAt: START,
  lastFailureAt: after(2),
  openUntil: after(30_000),
  probeCount: 2,
  disabled: { at: after(3), because: 'failing' },
}

async function owe(store: Store, account: string | undefined, ...deliveries: NewDelivery[]): Promise<void> {
  for (const one of deliveries) {
    const { account: _, ...told } = event({ deliveries: [one] })
    await store.events.append({ events: [account === undefined ? told : { ...told, account }] })
  }
}

async function die(store: Store, ...ids: string[]): Promise<void> {
  store.deliveries.claim({ free: new Map([['ops', 1_000]]), now: START })
  for (const id of ids) await store.deliveries.settle(id, DEAD)
}

const pending = async (store: Store) => {
  const { items } = await store.deliveries.list({ status: 'pending', limit: 200 })
  return items.map(one => one.id).reverse()
}
const range = (change = {}) =>
  ({ endpoint: 'ops', status: 'dead', accounts: ['main', null], ...change }) as const

test('what an endpoint is like survives a restart, whole or healthy', async t => {
  const folder = temporaryFolder(t)
  const before = await open(folder)
  const well: EndpointHealth = { endpoint: 'crm', failureCount: 0, probeCount: 0 }
  await before.endpoints.put(HEALTH, someEffects())
  await before.endpoints.put(well)
  assert.deepEqual(await effectsIn(before), { events: 1, audit: 1 })
  await before.close()
  const store = await open(folder)
  t.after(() => store.close())
  assert.deepEqual(await store.endpoints.list(), [well, HEALTH])
})

test('an attempt and what it says of the endpoint are written together', async t => {
  const store = await freshStore(t)
  const one = delivery()
  await owe(store, 'main', one)
  await store.deliveries.settle(one.id, DEAD, { health: HEALTH })
  assert.deepEqual(await store.endpoints.list(), [HEALTH])
})

test('the answer of the last attempt is kept, for whoever asks for the one delivery', async t => {
  const store = await freshStore(t)
  const one = delivery()
  await owe(store, 'main', one)
  const answered = (answer: string) =>
    ({ kind: 'retry', attempt: { ...ATTEMPT, answer }, dueAt: START }) as const
  await store.deliveries.settle(one.id, answered('first'))
  await store.deliveries.settle(one.id, answered('second'))
  const answers = (await store.deliveries.get(one.id))?.attempts.map(({ answer }) => answer)
  assert.deepEqual(answers, [undefined, 'second'])
  const [listed] = (await store.deliveries.list({ limit: 1 })).items
  assert.deepEqual(
    listed?.attempts.map(({ answer }) => answer),
    [undefined, undefined],
  )
})

test('a spared attempt is recorded and does not count on the schedule; a replay begins it anew', async t => {
  const store = await freshStore(t)
  const one = delivery()
  await owe(store, 'main', one)
  await store.deliveries.settle(one.id, { kind: 'retry', attempt: ATTEMPT, dueAt: START, spared: true })
  await store.deliveries.settle(one.id, { kind: 'retry', attempt: ATTEMPT, dueAt: START })
  const found = await store.deliveries.get(one.id)
  assert.deepEqual([found?.attemptCount, found?.begunAfter], [2, 1])
  await store.deliveries.settle(one.id, DEAD)
  await store.deliveries.replay(one.id, after(5))
  const again = await store.deliveries.get(one.id)
  assert.deepEqual([again?.attemptCount, again?.begunAfter, again?.begunAt], [3, 3, after(5)])
})

test('a range of dead ones is replayed in order, by time and account, and nothing else', async t => {
  const store = await freshStore(t)
  const [first, second, other, free, alive] = [
    delivery('ops', LANE),
    delivery('ops', LANE),
    delivery(),
    delivery(),
    delivery(),
  ]
  await owe(store, 'main', first, second)
  await owe(store, 'spare', other)
  await owe(store, undefined, free)
  await die(store, first.id)
  await die(store, second.id, other.id, free.id)
  await owe(store, 'main', alive)
  assert.deepEqual(await store.deliveries.replayRange(range({ to: after(-1) }), after(1)), { count: 0 })
  assert.deepEqual(await store.deliveries.replayRange(range({ endpoint: 'crm' }), after(1)), { count: 0 })
  assert.deepEqual(await effectsIn(store), { events: 5, audit: 0 })
  assert.deepEqual(await store.deliveries.replayRange(range({ from: START }), after(1), someEffects()), {
    count: 3,
  })
  assert.equal((await effectsIn(store)).audit, 1)
  assert.deepEqual(await pending(store), [first.id, second.id, free.id, alive.id])
  const claimed = store.deliveries.claim({ free: new Map([['ops', 9]]), now: after(1) })
  assert.ok(!claimed.some(({ id }) => id === second.id), 'the first goes before it')
})

test('a long range goes in parts, each saying where the next begins', async t => {
  const store = await freshStore(t)
  const all = Array.from({ length: 501 }, () => delivery())
  await store.events.append({ events: [event({ deliveries: all })] })
  await die(store, ...all.map(({ id }) => id))
  const first = await store.deliveries.replayRange(range(), after(1))
  assert.equal(first.count, 500)
  const rest = await store.deliveries.replayRange(range({ after: first.next }), after(1))
  assert.deepEqual(rest, { count: 1 })
  assert.equal((await pending(store)).length, 200)
  assert.deepEqual((await store.deliveries.counts()).get('ops'), { pending: 501, dead: 0 })
})

test('what is owed for too long is buried with a reason, except what is being attempted', async t => {
  const store = await freshStore(t)
  const [old, busy, young] = [delivery(), delivery(), delivery()]
  await owe(store, 'main', busy)
  store.deliveries.claim({ free: new Map([['ops', 1]]), now: START })
  await owe(store, 'main', old)
  await store.events.append({ events: [event({ at: after(10), deliveries: [young] })] })
  const query = { endpoint: 'ops', begunBefore: after(10), at: after(99), reason: 'too long' }
  assert.equal(await store.deliveries.bury(query), 1)
  const dead = await store.deliveries.get(old.id)
  assert.deepEqual(
    [dead?.status, dead?.attempts],
    ['dead', [{ at: after(99), reason: 'too long', tookMs: 0 }]],
  )
  assert.deepEqual(await pending(store), [busy.id, young.id])
  assert.equal(await store.deliveries.bury(query), 0)
})

test('hastened deliveries are due now, at this endpoint alone', async t => {
  const store = await freshStore(t)
  const [ops, crm] = [delivery('ops'), delivery('crm')]
  await owe(store, 'main', ops, crm)
  for (const { id } of [ops, crm]) {
    await store.deliveries.settle(id, { kind: 'retry', attempt: ATTEMPT, dueAt: after(90_000) })
  }
  await store.deliveries.hasten('ops', after(5))
  assert.deepEqual(store.deliveries.nextDueAt(['ops']), after(5))
  assert.deepEqual(store.deliveries.nextDueAt(['crm']), after(90_000))
})
