import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import type { Step } from '../../app/lib/step.ts'
import type { Endpoint } from '../../app/policy/snapshot.ts'
import { Connection } from '../../app/store/database/connection.ts'
import type { Delivery } from '../../app/store/deliveries.ts'
import { openTestStore } from '../outbox/world.ts'
import { startReceiver, temporaryFolder } from '../sandbox/running-receiver.ts'
import { endpointOf, SIGNING_SECRET } from './samples.ts'
import { createDeliveryWorld, DeliveryWorld } from './world.ts'

const PER_CHAT: Partial<Endpoint> = { order: 'per-chat' }
const ALICE = '+12025550101'
const BOB = '+12025550102'

/** The wait begins with the answer, which came at the end of the attempt's time or before. */
function assertWaits(delivery: Delivery | undefined, wantMs: number): void {
  const [attempt] = delivery?.attempts ?? []
  const waitMs = (delivery?.dueAt.getTime() ?? 0) - (attempt?.at.getTime() ?? 0)
  assert.ok(waitMs >= wantMs && waitMs <= wantMs + (attempt?.tookMs ?? 0), String(waitMs))
}

test('posts an event that the public verifier accepts, and writes the attempt down', async t => {
  const world = await createDeliveryWorld(t)
  await world.startWorker(t)
  const event = await world.happen({ text: 'hello' })
  const [receipt] = await world.received(1)
  assert.ok(receipt)
  new Webhook(SIGNING_SECRET).verify(receipt.body, receipt.headers)
  assert.equal(receipt.headers['webhook-id'], event.id)
  const [delivery] = await world.settled('delivered', 1)
  assert.equal(delivery?.attempts.length, 1)
  assert.equal(delivery?.attempts[0]?.status, 204)
  assert.ok((delivery?.attempts[0]?.tookMs ?? -1) >= 0)
})

test('tries again after a 500, under the same id and with the next number', async t => {
  const world = await createDeliveryWorld(t)
  await world.receiver.behave({ status: 500, times: 2 })
  const event = await world.happen({ text: 'hello' })
  await world.startWorker(t)
  await world.received(1)
  const [waiting] = await world.attempted(1)
  assert.equal(waiting?.attempts[0]?.reason, 'endpoint answered 500')
  assertWaits(waiting, 5_000)

  world.putForward(6_000)
  await world.received(2)
  await world.attempted(2)
  world.putForward(31_000)
  const receipts = await world.received(3)
  assert.deepEqual(
    receipts.map(({ headers }) => [headers['webhook-id'], headers['postern-attempt']]),
    [1, 2, 3].map(attempt => [event.id, String(attempt)]),
  )
  for (const receipt of receipts) new Webhook(SIGNING_SECRET).verify(receipt.body, receipt.headers)
  assert.equal(
    new Set(receipts.map(receipt => receipt.headers['webhook-signature'])).size,
    3,
    'each is signed anew',
  )
  assert.equal((await world.settled('delivered', 1))[0]?.attempts.length, 3)
})

test('waits as long as Retry-After asks', async t => {
  const world = await createDeliveryWorld(t)
  await world.receiver.behave({ status: 503, times: 1, headers: { 'retry-after': '600' } })
  await world.happen({ text: 'hello' })
  await world.startWorker(t)
  const [waiting] = await world.attempted(1)
  assertWaits(waiting, 600_000)
  world.putForward(590_000)
  await world.quiet(1)
  world.putForward(11_000)
  await world.received(2)
})

test('keeps the order of a chat while its head fails, and lets other chats go', async t => {
  const world = await createDeliveryWorld(t, PER_CHAT)
  await world.receiver.behave({ status: 500, times: 1 })
  await world.startWorker(t)
  await world.happen({ chat: ALICE, text: 'a1' })
  await world.attempted(1)
  await world.happen({ chat: ALICE, text: 'a2' })
  await world.happen({ chat: BOB, text: 'b1' })
  await world.received(2)
  await world.quiet(2)
  assert.deepEqual(await world.texts(), ['a1', 'b1'])

  world.putForward(6_000)
  await world.received(4)
  assert.deepEqual(await world.texts(), ['a1', 'b1', 'a1', 'a2'])
})

test('lets what cannot be read die at once, with a reason, and goes on with the chat and with others', async t => {
  const folder = temporaryFolder(t)
  const world = new DeliveryWorld(await openTestStore(t, folder), await startReceiver(t), PER_CHAT)
  const damaged = await world.happen({ chat: ALICE, text: 'a1' })
  const db = Connection.open(join(folder, 'postern.db'), 'write')
  db.run('UPDATE events SET body = zeroblob(99) WHERE id = ?', damaged.id)
  db.close()
  await world.happen({ chat: ALICE, text: 'a2' })
  await world.happen({ chat: BOB, text: 'b1' })
  await world.startWorker(t)
  await world.settled('delivered', 2)
  assert.deepEqual((await world.texts()).toSorted(), ['a2', 'b1'])
  const [dead] = await world.settled('dead', 1)
  assert.equal(dead?.event.id, damaged.id)
  assert.match(dead?.attempts[0]?.reason ?? '', /^it cannot be read/)
  assert.equal(world.health()?.failureCount ?? 0, 0, 'the endpoint has nothing to do with it')
})

test('keeps the order of a chat when everything goes well, whatever the concurrency', async t => {
  const world = await createDeliveryWorld(t, { ...PER_CHAT, concurrency: 8 })
  await world.receiver.behave({ status: 200, delay_ms: 20 })
  for (let i = 0; i < 6; i++) await world.happen({ chat: ALICE, text: `a${i}` })
  await world.startWorker(t)
  await world.received(6)
  assert.deepEqual(await world.texts(), ['a0', 'a1', 'a2', 'a3', 'a4', 'a5'])
})

test('posts to one endpoint as many at once as its concurrency says', async t => {
  const world = await createDeliveryWorld(t, { concurrency: 2 })
  await world.receiver.behave({ status: 200, delay_ms: 150 })
  for (let i = 0; i < 5; i++) await world.happen({ text: `t${i}` })
  await world.startWorker(t)
  const arrivals = (await world.received(5)).map(receipt => Date.parse(receipt.at))
  for (let i = 2; i < 5; i++) assert.ok((arrivals[i] ?? 0) - (arrivals[i - 2] ?? 0) >= 145, `${arrivals}`)
})

test('keeps what is owed to an endpoint that the policy no longer names, and posts it when the name is back', async t => {
  const world = await createDeliveryWorld(t)
  await world.happen({ text: 'hello' })
  const { endpoint } = world
  world.endpoints = [endpointOf({ name: 'other', events: new Set() })]
  await world.startWorker(t)
  await world.quiet(0)
  assert.equal((await world.store.deliveries.list({ status: 'pending', limit: 10 })).items.length, 1)
  world.endpoints = [endpoint]
  world.worker?.wake()
  await world.received(1)
})

test('lets a delivery die whose address the policy forbids, without connecting', async t => {
  const world = await createDeliveryWorld(t, { allowCidrs: [] })
  await world.startWorker(t)
  await world.happen({ text: 'hello' })
  const [dead] = await world.settled('dead', 1)
  assert.match(dead?.attempts[0]?.reason ?? '', /allowNetworks/)
  await world.quiet(0)
})

test('lets a delivery die when its age is over, and keeps it', async t => {
  const world = await createDeliveryWorld(t, { retry: { schedule: 'standard', maxAgeMs: 4_000 } })
  await world.receiver.behave({ status: 500 })
  await world.startWorker(t)
  await world.happen({ text: 'hello' })
  const [dead] = await world.settled('dead', 1)
  assert.equal(dead?.attempts[0]?.status, 500)
})

test('keeps what the endpoint answered with the last attempt, to 16 KiB, and the beginning of a success', async t => {
  const world = await createDeliveryWorld(t)
  await world.receiver.behave({ status: 500, times: 1, body: 'x'.repeat(20_000) })
  await world.startWorker(t)
  await world.happen({ text: 'hello' })
  const [failed] = await world.attempted(1)
  const answerOf = async () => (await world.store.deliveries.get(failed?.id ?? ''))?.attempts.at(-1)?.answer
  assert.equal((await answerOf())?.length, 16_384)
  await world.receiver.behave({ status: 200, body: 'y'.repeat(20_000) })
  world.putForward(6_000)
  const [delivered] = await world.settled('delivered', 1)
  assert.equal(await answerOf(), 'y'.repeat(1_024))
  assert.deepEqual(
    delivered?.attempts.map(one => one.answer),
    [undefined, undefined],
    'lists are without',
  )
})

test('waits for an answer under way when it stops', async t => {
  const world = await createDeliveryWorld(t)
  await world.receiver.behave({ status: 200, delay_ms: 200 })
  const worker = await world.startWorker(t)
  await world.happen({ text: 'hello' })
  await world.received(1)
  await worker.stop()
  assert.equal((await world.store.deliveries.list({ status: 'delivered', limit: 10 })).items.length, 1)
})

test('names the points that it passes, for rigs that end the process there', async t => {
  const points: string[] = []
  const hear = (message: unknown) => points.push((message as Step).point)
  subscribe('postern:step', hear)
  t.after(() => unsubscribe('postern:step', hear))
  const world = await createDeliveryWorld(t)
  const worker = await world.startWorker(t)
  await world.happen({ text: 'hello' })
  await world.settled('delivered', 1)
  await worker.stop()
  const passed = points.filter(point => point.startsWith('delivery.'))
  assert.deepEqual(
    passed,
    ['fan_out', 'claimed', 'before_post', 'posted', 'settled'].map(point => `delivery.${point}`),
  )
})
