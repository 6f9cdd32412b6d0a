import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createPace } from '../../app/outbox/pace.ts'
import { createOutboxWorker } from '../../app/outbox/worker.ts'
import type { Pacing } from '../../app/policy/snapshot.ts'
import { createWorld, eventually, policyWith, rule, type World } from './world.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** A world whose account was linked a while ago and has this pace. */
async function paced(t: TestContext, pacing: Pacing, linkedMsAgo = MINUTE): Promise<World> {
  const world = await createWorld(t)
  const linkedAt = new Date(world.now().getTime() - linkedMsAgo)
  await world.store.accounts.put({ account: 'main', credentials: Buffer.from('none'), linkedAt })
  setPace(world, pacing)
  return world
}

function setPace(world: World, pacing: Pacing): void {
  const { revision, snapshot } = world.policy
  world.policy = { revision, snapshot: { ...snapshot, pacing: new Map([['main', pacing]]) } }
}

/** Puts the clock forward and lets the worker look. */
function wait(world: World, ms: number): void {
  world.putForward(ms)
  world.port.becomeOpen('main')
}

const chat = (n: number) => `+1202555${String(1_000 + n)}`

async function enqueue(world: World, count: number, from = 0): Promise<void> {
  for (let n = from; n < from + count; n++) await world.accepted({ to: chat(n), body: String(n) })
}

/** Waits until so many were sent and nothing more leaves. */
async function untilSent(world: World, count: number): Promise<void> {
  const sent = async () =>
    (await world.store.messages.list({ account: 'main', status: 'sent', limit: 50 })).items
  await eventually(async () => ((await sent()).length >= count ? true : undefined), `${count} to be sent`)
  world.port.becomeOpen('main')
  await world.store.meta.set('a round', 'later')
  assert.equal(world.port.orders.length, count)
}

test('leaves a pause after each message, whatever chat it goes to, and loses none', async t => {
  const world = await paced(t, { jitter: { minMs: 10 * MINUTE, maxMs: 20 * MINUTE } })
  await enqueue(world, 3)
  await world.startWorker(t) // whose random number is 0.5
  await untilSent(world, 1)
  wait(world, 14 * MINUTE)
  await untilSent(world, 1)
  wait(world, MINUTE)
  await untilSent(world, 2)
  wait(world, 15 * MINUTE)
  await untilSent(world, 3)
  assert.deepEqual(world.port.texts, ['0', '1', '2'])
})

test('goes on by itself after the pause', async t => {
  const world = await paced(t, { jitter: { minMs: 20, maxMs: 60 } })
  await enqueue(world, 3)
  await world.startWorker(t)
  await untilSent(world, 3)
})

test('lets out each day of the warm-up what it allows, and after a restart no more', async t => {
  const world = await paced(t, { warmUp: { start: 2, growth: 2, max: 3 } })
  await enqueue(world, 8)
  const first = createOutboxWorker(world.deps())
  await first.start()
  await untilSent(world, 2)
  await first.stop()
  await world.startWorker(t)
  await untilSent(world, 2)
  wait(world, DAY)
  await untilSent(world, 5)
  wait(world, DAY)
  await untilSent(world, 8)
})

for (const jitter of [undefined, { minMs: MINUTE, maxMs: MINUTE }])
  test(`lets out at once what a new warm-up allows of a day that was full${jitter ? ', with pauses' : ''}`, async t => {
    const warmUp = { start: 1, growth: 1, max: 1 }
    const world = await paced(t, { warmUp, ...(jitter && { jitter }) })
    await enqueue(world, 4)
    await world.startWorker(t)
    await untilSent(world, 1)
    wait(world, MINUTE)
    await untilSent(world, 1)
    setPace(world, { warmUp: { ...warmUp, start: 3, max: 3 }, ...(jitter && { jitter }) })
    for (const sent of jitter ? [2, 3, 3] : [3, 3]) {
      wait(world, MINUTE)
      await untilSent(world, sent)
    }
  })

test('has room again on a full day when a message did not leave, with pauses and without', async t => {
  const [minMs, maxMs] = [MINUTE, MINUTE]
  for (const jitter of [undefined, { minMs, maxMs }]) {
    const world = await paced(t, { warmUp: { start: 1, growth: 1, max: 1 }, ...(jitter && { jitter }) })
    const pace = createPace(world.deps())
    const entry = await world.message((await world.accepted({ to: chat(1) })).id)
    assert.equal(await pace.room('main', 5), 1)
    const stays = pace.leaves(entry)
    world.putForward(2 * MINUTE)
    assert.equal(await pace.room('main', 5), 0)
    assert.ok(pace.restsMs('main') > MINUTE)
    stays()
    assert.equal(await pace.room('main', 5), 1)
    assert.equal(pace.restsMs('main'), 0)
  }
})

test('counts each message of a day once, and none that did not leave', async t => {
  const world = await paced(t, { warmUp: { start: 2, growth: 1, max: 2 } })
  await enqueue(world, 1)
  world.policy = policyWith([rule({ id: 'no', effect: 'deny' })])
  setPace(world, { warmUp: { start: 2, growth: 1, max: 2 } })
  await world.startWorker(t)
  await eventually(async () => {
    const { items } = await world.store.messages.list({ account: 'main', status: 'failed', limit: 5 })
    return items.length === 1 ? true : undefined
  }, 'the denied one to fail')
  world.policy = policyWith()
  setPace(world, { warmUp: { start: 2, growth: 1, max: 2 } })
  world.port.script.push({ kind: 'retry', reason: 'no ack in time' })
  await enqueue(world, 1, 1)
  await eventually(async () => (world.port.orders.length === 1 ? true : undefined), 'the first attempt')
  wait(world, MINUTE)
  await eventually(async () => (world.port.orders.length === 2 ? true : undefined), 'the second attempt')
  await enqueue(world, 2, 2)
  await eventually(async () => (world.port.orders.length === 3 ? true : undefined), 'one more')
  wait(world, MINUTE)
  await untilSentOf(world, 2)
  assert.deepEqual(world.port.texts, ['1', '1', '2'])
})

async function untilSentOf(world: World, count: number): Promise<void> {
  await eventually(async () => {
    const { items } = await world.store.messages.list({ account: 'main', status: 'sent', limit: 50 })
    return items.length === count ? true : undefined
  }, `${count} to be sent`)
}

test('lets expire what waits for its turn longer than it may', async t => {
  const world = await paced(t, { jitter: { minMs: 10 * MINUTE, maxMs: 10 * MINUTE } })
  await enqueue(world, 1)
  const short = await world.accepted({ to: chat(1), expiresAt: new Date(world.now().getTime() + MINUTE) })
  await world.startWorker(t)
  await untilSent(world, 1)
  wait(world, 2 * MINUTE)
  await world.until(short.id, 'expired')
})

test('keeps no account waiting that has no pace', async t => {
  const world = await createWorld(t)
  await enqueue(world, 3)
  await world.startWorker(t)
  await untilSent(world, 3)
})
