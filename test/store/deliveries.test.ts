import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { NewDelivery } from '../../app/model/event.ts'
import { Connection } from '../../app/store/database/connection.ts'
import type { Attempt, DeliverySettlement } from '../../app/store/deliveries.ts'
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

const LANE = 'main/+12025550101'
const ATTEMPT: Attempt = { at: START, status: 503, reason: 'endpoint answered 503', tookMs: 12 }
const DELIVERED: DeliverySettlement = { kind: 'delivered', attempt: { at: START, status: 204, tookMs: 7 } }
const DEAD: DeliverySettlement = { kind: 'dead', attempt: ATTEMPT }
const retryAt = (dueAt: Date): DeliverySettlement => ({ kind: 'retry', attempt: ATTEMPT, dueAt })

async function owe(store: Store, ...deliveries: NewDelivery[]): Promise<void> {
  for (const one of deliveries) await store.events.append({ events: [event({ deliveries: [one] })] })
}

function claimed(store: Store, free: Record<string, number> = { ops: 10 }, now = START): readonly string[] {
  const got = store.deliveries.claim({ free: new Map(Object.entries(free)), now })
  return got.map(one => one.id)
}

test('an event and its deliveries are stored together and come back whole', async t => {
  const store = await freshStore(t)
  const [first, second] = [delivery('ops', LANE), delivery('crm')]
  const told = event({ chat: '+12025550101', data: { text: { body: 'hi' } }, deliveries: [first, second] })
  await store.events.append({ events: [told] })
  const { deliveries: _, ...written } = told
  const asTold = { ...written, sequence: 1 }
  assert.deepEqual((await store.events.list({ limit: 5 })).items, [asTold])
  assert.deepEqual(await store.deliveries.get(first.id), {
    ...first,
    status: 'pending',
    event: asTold,
    createdAt: START,
    dueAt: START,
    begunAt: START,
    begunAfter: 0,
    attemptCount: 0,
    attempts: [],
  })
  assert.equal((await store.deliveries.get(second.id))?.lane, '')
  assert.equal(await store.deliveries.get('dlv_nobody'), undefined)
})

test('a claim takes at most what is free at each endpoint named, and nothing twice', async t => {
  const store = await freshStore(t)
  const ops = [delivery(), delivery(), delivery()]
  const crm = delivery('crm')
  await owe(store, ...ops, crm)
  assert.deepEqual(claimed(store, { ops: 2 }), [ops[0]?.id, ops[1]?.id])
  assert.deepEqual(claimed(store, { ops: 2, crm: 1 }), [ops[2]?.id, crm.id])
  assert.deepEqual(claimed(store, { ops: 5, crm: 5 }), [])
})

test('a lane gives one at a time in order, and other lanes go on', async t => {
  const store = await freshStore(t)
  const [first, second, other] = [
    delivery('ops', LANE),
    delivery('ops', LANE),
    delivery('ops', 'main/+12025550102'),
  ]
  await owe(store, first, second, other)
  assert.deepEqual(claimed(store), [first.id, other.id])
  await store.deliveries.settle(first.id, retryAt(after(5_000)))
  assert.deepEqual(claimed(store), [], 'the head waits, so the lane waits')
  assert.deepEqual(store.deliveries.nextDueAt(['ops']), after(5_000))
  assert.deepEqual(claimed(store, { ops: 5 }, after(5_000)), [first.id])
  await store.deliveries.settle(first.id, DELIVERED)
  assert.deepEqual(claimed(store), [second.id])
})

test('the same lane at two endpoints is two lanes', async t => {
  const store = await freshStore(t)
  const [ops, crm] = [delivery('ops', LANE), delivery('crm', LANE)]
  await owe(store, ops, crm)
  assert.deepEqual(claimed(store, { ops: 1, crm: 1 }), [ops.id, crm.id])
})

test('an unordered delivery that waits holds back nothing', async t => {
  const store = await freshStore(t)
  const [first, second] = [delivery(), delivery()]
  await owe(store, first, second)
  assert.deepEqual(claimed(store, { ops: 1 }), [first.id])
  await store.deliveries.settle(first.id, retryAt(after(5_000)))
  assert.deepEqual(claimed(store), [second.id])
})

test('a settlement keeps the attempt, and its effects are written once', async t => {
  const store = await freshStore(t)
  const one = delivery('ops', LANE)
  await owe(store, one)
  claimed(store)
  await store.deliveries.settle(one.id, retryAt(after(1)), { effects: someEffects() })
  claimed(store, { ops: 1 }, after(1))
  await store.deliveries.settle(one.id, DEAD, { effects: someEffects() })
  await store.deliveries.settle(one.id, DELIVERED, { effects: someEffects() })
  const found = await store.deliveries.get(one.id)
  assert.equal(found?.status, 'dead')
  assert.equal(found?.attemptCount, 2)
  assert.deepEqual(found?.attempts, [ATTEMPT, ATTEMPT])
  assert.deepEqual(await effectsIn(store), { events: 3, audit: 2 })
})

test('a dead letter does not hold back its lane, and replayed it goes first', async t => {
  const store = await freshStore(t)
  const [first, second, third] = [delivery('ops', LANE), delivery('ops', LANE), delivery('ops', LANE)]
  await owe(store, first, second, third)
  claimed(store)
  await store.deliveries.settle(first.id, DEAD)
  assert.deepEqual(claimed(store), [second.id])
  assert.equal(await store.deliveries.replay(first.id, after(1), someEffects()), true)
  assert.equal(await store.deliveries.replay(first.id, after(1), someEffects()), false)
  assert.equal(await store.deliveries.replay('dlv_nobody', after(1), someEffects()), false)
  assert.deepEqual((await effectsIn(store)).audit, 1)
  assert.deepEqual(claimed(store, { ops: 5 }, after(1)), [], 'the second still occupies the lane')
  await store.deliveries.settle(second.id, DELIVERED)
  assert.deepEqual(claimed(store, { ops: 5 }, after(1)), [first.id])
})

test('nextDueAt counts heads that are free, of the endpoints named', async t => {
  const store = await freshStore(t)
  assert.equal(store.deliveries.nextDueAt(['ops', 'crm']), undefined)
  const [ops, behind, crm] = [delivery('ops', LANE), delivery('ops', LANE), delivery('crm')]
  await owe(store, ops, behind, crm)
  claimed(store, { crm: 1 })
  await store.deliveries.settle(crm.id, retryAt(after(700)))
  assert.deepEqual(store.deliveries.nextDueAt(['ops', 'crm']), START)
  claimed(store, { ops: 1 })
  assert.deepEqual(store.deliveries.nextDueAt(['ops', 'crm']), after(700), 'the lane is occupied')
  assert.equal(store.deliveries.nextDueAt(['ops']), undefined)
  assert.deepEqual(store.deliveries.nextDueAt(['crm', 'nobody']), after(700))
  assert.equal(store.deliveries.nextDueAt([]), undefined)
})

test('a restart forgets who was working on what', async t => {
  const folder = temporaryFolder(t)
  const before = await open(folder)
  const one = delivery('ops', LANE)
  await owe(before, one)
  assert.deepEqual(claimed(before), [one.id])
  await before.close()
  const store = await open(folder)
  t.after(() => store.close())
  assert.deepEqual(claimed(store), [one.id])
})

test('a claim that breaks off leaves nothing taken', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  t.after(() => store.close())
  const [first, tried] = [delivery('ops', LANE), delivery('ops', 'main/+12025550102')]
  await owe(store, first, tried)
  await store.deliveries.settle(tried.id, retryAt(START))
  const db = Connection.open(join(folder, 'postern.db'), 'write')
  db.script('ALTER TABLE delivery_attempts RENAME TO away') // so that the second, and nothing before it, cannot be read
  assert.throws(() => claimed(store), { code: 'store.failed' })
  db.script('ALTER TABLE away RENAME TO delivery_attempts')
  db.close()
  assert.deepEqual(claimed(store), [first.id, tried.id])
})

test('a delivery that cannot be opened is claimed as such, holds back no other lane and can be settled', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  t.after(() => store.close())
  const [damaged, behind, other] = [
    delivery('ops', LANE),
    delivery('ops', LANE),
    delivery('ops', 'main/+12025550102'),
  ]
  await owe(store, damaged, behind, other)
  const db = Connection.open(join(folder, 'postern.db'), 'write')
  db.run(
    'UPDATE events SET body = zeroblob(99) WHERE seq = (SELECT event FROM deliveries WHERE id = ?)',
    damaged.id,
  )
  db.close()
  const unreadable = 'it cannot be read: events.body holds a value that was changed or moved'
  const [one, two] = store.deliveries.claim({ free: new Map([['ops', 10]]), now: START })
  assert.deepEqual(one, { id: damaged.id, endpoint: 'ops', unreadable })
  assert.equal(two?.id, other.id)
  assert.deepEqual(claimed(store), [], 'it is under way')
  await store.deliveries.settle(damaged.id, {
    kind: 'dead',
    attempt: { at: START, reason: unreadable, tookMs: 0 },
  })
  assert.deepEqual(claimed(store), [behind.id])

  const listed = (await store.deliveries.list({ status: 'dead', limit: 5 })).items[0]
  assert.deepEqual([listed?.id, listed?.attempts[0]?.reason], [damaged.id, unreadable])
  const { event: told, ...got } = (await store.deliveries.get(damaged.id)) ?? assert.fail('it is gone')
  const lost = { damaged: true }
  assert.deepEqual(
    [got.attemptCount, told.type, told.account, told.data],
    [1, 'message.queued', 'main', lost],
  )
  assert.deepEqual((await store.deliveries.get(other.id))?.event.data, { hello: 'world' })
})

test('deliveries are listed newest first by endpoint and status', async t => {
  const store = await freshStore(t)
  const all = [delivery('ops'), delivery('crm'), delivery('ops'), delivery('ops')]
  await owe(store, ...all)
  claimed(store, { ops: 1 })
  await store.deliveries.settle(all[0]?.id ?? '', DELIVERED)
  const list = async (query: object) => {
    const page = await store.deliveries.list({ limit: 10, ...query })
    return page.items.map(one => all.findIndex(({ id }) => id === one.id))
  }
  assert.deepEqual(await list({}), [3, 2, 1, 0])
  assert.deepEqual(await list({ endpoint: 'ops' }), [3, 2, 0])
  assert.deepEqual(await list({ endpoint: 'ops', status: 'delivered' }), [0])
  const page = await store.deliveries.list({ limit: 2 })
  assert.equal(page.next, all[2]?.id)
  assert.deepEqual(await list({ before: page.next }), [1, 0])
  await assert.rejects(list({ before: 'nonsense' }), { code: 'store.bad_cursor' })
})

test('whatever the settlements, a lane never has two under way and never goes out of order', async t => {
  const store = await freshStore(t)
  const lanes = fc.constantFrom('', 'one', 'two')
  const settlement = fc.constantFrom<DeliverySettlement>(DELIVERED, DEAD, retryAt(START))
  const step = fc.oneof(
    fc.record({ owe: lanes }),
    fc.record({ claim: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ settle: fc.nat(9), as: settlement }),
  )
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async steps => {
      const endpoint = `ops${run++}`
      const entries: { id: string; lane: string; state: 'pending' | 'claimed' | 'done' }[] = []
      for (const todo of steps) {
        if ('owe' in todo) {
          const one = delivery(endpoint, todo.owe)
          await owe(store, one)
          entries.push({ id: one.id, lane: todo.owe, state: 'pending' })
        } else if ('claim' in todo) {
          const free = entries.filter((entry, index) => {
            const earlier = entries
              .slice(0, index)
              .filter(({ lane, state }) => lane === entry.lane && state !== 'done')
            return entry.state === 'pending' && (entry.lane === '' || earlier.length === 0)
          })
          const got = claimed(store, { [endpoint]: todo.claim })
          assert.deepEqual(
            got,
            free.slice(0, todo.claim).map(entry => entry.id),
          )
          for (const entry of entries) if (got.includes(entry.id)) entry.state = 'claimed'
        } else {
          const under = entries.filter(({ state }) => state === 'claimed')
          const entry = under[todo.settle % Math.max(under.length, 1)]
          if (entry === undefined) continue
          await store.deliveries.settle(entry.id, todo.as)
          entry.state = todo.as.kind === 'retry' ? 'pending' : 'done'
        }
      }
    }),
    { numRuns: 30 },
  )
})
