import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../outbox/world.ts'
import { endpointOf } from './samples.ts'
import { createDeliveryWorld, type DeliveryWorld } from './world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE
const PER_CHAT = { order: 'per-chat' } as const
const ACTOR = { principal: 'oncall', credential: 'basic:oncall' }

/**
 * Ten chats with two events each, at an endpoint that is down: the first of each fails, and that trips the breaker.
 * Answers how many attempts there were.
 */
async function tripped(world: DeliveryWorld): Promise<number> {
  await world.receiver.behave({ status: 503 })
  for (const round of ['first', 'second']) {
    for (let chat = 0; chat < 10; chat++) {
      await world.happen({ chat: `+1202555010${chat}`, text: `${round} of ${chat}` })
    }
  }
  await eventually(
    async () => (world.health()?.openUntil === undefined ? undefined : true),
    'the breaker to open',
  )
  return (await world.receiver.deliveries()).length
}

test('an open breaker delays without an attempt, lets one try, and then lets everything through in order', async t => {
  const world = await createDeliveryWorld(t, PER_CHAT)
  await world.startWorker(t)
  const failed = await tripped(world)
  await world.quiet(failed)
  world.putForward(SECOND)
  await world.quiet(failed)
  world.putForward(40 * SECOND)
  await world.received(failed + 1)
  await world.quiet(failed + 1)
  assert.equal(world.health()?.probeCount, 1, 'the one that tried has failed')

  await world.receiver.behave({ status: 204 })
  world.putForward(2 * MINUTE)
  const delivered = await world.settled('delivered', 20)
  assert.equal(world.health()?.openUntil, undefined)
  const texts = (await world.texts()).slice(failed + 1)
  for (let chat = 0; chat < 10; chat++) {
    const own = texts.filter(text => text.endsWith(` ${chat}`))
    assert.deepEqual(own, [`first of ${chat}`, `second of ${chat}`])
  }
  const attempts = delivered.map(one => one.attemptCount).sort()
  assert.deepEqual(attempts.slice(0, 10), Array(10).fill(1), 'what waited behind them used up none')
})

test('an attempt that fails while the breaker is open does not count on the schedule of its delivery', async t => {
  const world = await createDeliveryWorld(t, PER_CHAT)
  await world.startWorker(t)
  await tripped(world)
  for (const wait of [40 * SECOND, 2 * MINUTE]) {
    const { length } = await world.receiver.deliveries()
    world.putForward(wait)
    await world.received(length + 1)
    await world.attempted(1)
  }
  const { items } = await world.store.deliveries.list({ status: 'pending', limit: 100 })
  const counted = items.map(one => one.attemptCount - one.begunAfter)
  assert.ok(
    counted.every(count => count <= 1),
    String(counted),
  )
})

test('an endpoint that does not answer holds up no other', async t => {
  const world = await createDeliveryWorld(t, { name: 'slow', concurrency: 1, timeoutMs: 60_000 })
  const quick = endpointOf({ ...world.endpoint, name: 'quick' })
  world.endpoints = [world.endpoint]
  await world.receiver.behave({ status: 204, delay_ms: 60_000, times: 1 })
  await world.startWorker(t)
  await world.happen({ text: 'first' })
  await world.received(1)
  world.endpoints = [world.endpoint, quick]
  for (let i = 0; i < 3; i++) await world.happen({ text: `more ${i}` })
  await world.received(4)
  const settled = (await world.settled('delivered', 3)).map(one => one.endpoint)
  assert.deepEqual(settled, ['quick', 'quick', 'quick'], 'while the first answer is still out')
  await world.receiver.stop()
})

test('a restart knows that the breaker is open, and does not storm', async t => {
  const world = await createDeliveryWorld(t, PER_CHAT)
  const first = await world.startWorker(t)
  const failed = await tripped(world)
  await world.quiet(failed)
  await first.stop()
  await world.startWorker(t)
  await world.quiet(failed)
  world.putForward(40 * SECOND)
  await world.received(failed + 1)
  await world.quiet(failed + 1)
})

test('a 410 disables the endpoint; events go on being stored, and everything leaves in order once it is enabled', async t => {
  const world = await createDeliveryWorld(t, {
    ...PER_CHAT,
    events: new Set(['message.received', 'endpoint.disabled', 'endpoint.enabled']),
  })
  await world.receiver.behave({ status: 410, times: 1 })
  await world.startWorker(t)
  await world.happen({ text: 'first' })
  await eventually(async () => world.health()?.disabled, 'the endpoint to be disabled')
  await world.happen({ text: 'second' })
  world.putForward(DAY)
  await world.quiet(1)
  const typesOf = async () => (await world.store.events.list({ limit: 10 })).items.map(event => event.type)
  assert.deepEqual(await typesOf(), ['message.received', 'endpoint.disabled', 'message.received'])
  const audit = async (action: string) => (await world.store.audit.list({ action, limit: 10 })).items
  const [entry] = await audit('endpoint.disabled')
  assert.deepEqual([entry?.principal, entry?.target, entry?.detail?.because], ['system', 'ops', 'gone'])

  assert.equal(await world.states?.enable('ops', ACTOR), true)
  await world.settled('delivered', 4)
  const bodies = (await world.receiver.deliveries()).slice(1).map(({ body }) => JSON.parse(body))
  const told = bodies.filter(({ type }) => type === 'message.received').map(({ data }) => data.text.body)
  assert.deepEqual(told, ['first', 'second'])
  assert.equal((await audit('endpoint.enabled'))[0]?.principal, 'oncall')
  assert.ok((await typesOf()).includes('endpoint.enabled'))
  assert.equal(await world.states?.enable('ops', ACTOR), false, 'there is nothing to enable any more')
})

test('five days without one success disable the endpoint, and a restart leaves it so', async t => {
  const world = await createDeliveryWorld(t)
  await world.receiver.behave({ status: 500 })
  const first = await world.startWorker(t)
  await world.happen({ text: 'hello' })
  for (let day = 0; day < 5; day++) {
    await world.attempted(day + 1)
    assert.equal(world.health()?.disabled, undefined)
    world.putForward(DAY)
  }
  await world.attempted(6)
  assert.equal(world.health()?.disabled?.because, 'failing')
  await first.stop()
  const { length } = await world.receiver.deliveries()
  await world.startWorker(t)
  world.putForward(DAY)
  await world.quiet(length)
})

test('what a disabled endpoint is owed for longer than it may wait becomes a dead letter, with the reason', async t => {
  const world = await createDeliveryWorld(t)
  await world.receiver.behave({ status: 410, times: 1 })
  await world.startWorker(t)
  await world.happen({ text: 'old' })
  await eventually(async () => world.health()?.disabled, 'the endpoint to be disabled')
  world.putForward(4 * DAY)
  await world.happen({ text: 'young' })
  world.putForward(3 * DAY)
  const dead = await world.settled('dead', 1)
  assert.equal(dead.length, 1)
  assert.match(dead[0]?.attempts.at(-1)?.reason ?? '', /disabled/)
  assert.equal((await world.store.deliveries.list({ status: 'pending', limit: 10 })).items.length, 1)
  assert.deepEqual([...(await world.store.deliveries.counts())], [['ops', { pending: 1, dead: 1 }]])
})
