import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import type { Step } from '../../app/lib/step.ts'
import type { SendOutcome } from '../../app/model/send-port.ts'
import { DEFAULT_LIFE_MS } from '../../app/outbox/enqueue.ts'
import { ALICE, BOB, createWorld, eventually, policyWith, rule } from './world.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

test('a message for next week holds back nothing of its chat, and leaves when it is due', async t => {
  const world = await createWorld(t)
  const later = await world.accepted({ body: 'next week', sendAt: new Date(Date.now() + 6 * DAY_MS) })
  await world.startWorker(t)
  const today = await world.accepted({ body: 'today' })
  await world.until(today.id, 'sent')
  assert.equal((await world.message(later.id)).status, 'queued')
  world.putForward(6 * DAY_MS)
  world.port.becomeOpen('main')
  await world.until(later.id, 'sent')
  assert.deepEqual(world.port.texts, ['today', 'next week'])
})

test('a held message lets its chat go on', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([rule({ id: 'a-human-looks', effect: 'hold' })])
  const held = await world.accepted({ body: 'held' })
  world.policy = policyWith()
  const next = await world.accepted({ body: 'next' })
  await world.startWorker(t)
  await world.until(next.id, 'sent')
  assert.equal((await world.message(held.id)).status, 'held')
  assert.deepEqual(world.port.texts, ['next'])
})

test('an account whose sends hang keeps no other waiting', async t => {
  const world = await createWorld(t)
  world.port.open = ['main', 'second']
  const never = new Promise<SendOutcome>(() => {})
  for (let n = 0; n < 2; n++) world.port.script.push(never)
  for (let n = 0; n < 5; n++) await world.accepted({ to: `+1202555020${n}` })
  await world.startWorker(t, { concurrency: 2, stopWaitMs: 50 })
  await eventually(async () => (world.port.orders.length === 2 ? true : undefined), 'two sends that hang')
  const other = await world.accepted({ account: 'second', to: BOB })
  await eventually(async () => {
    const found = await world.store.messages.get('second', other.id)
    return found?.status === 'sent' ? true : undefined
  }, 'the other account')
  assert.equal(world.port.orders.filter(order => order.account === 'main').length, 2)
})

test('nothing waits for ever: an entry lives a week from when it may leave, or as its caller says', async t => {
  const world = await createWorld(t)
  world.port.open = []
  const plain = await world.accepted({ to: ALICE })
  assert.equal(plain.expiresAt?.getTime(), plain.createdAt.getTime() + DEFAULT_LIFE_MS)
  const sendAt = new Date(Date.now() + DAY_MS)
  const later = await world.accepted({ to: BOB, sendAt })
  assert.equal(later.expiresAt?.getTime(), sendAt.getTime() + DEFAULT_LIFE_MS)
  const expiresAt = new Date(Date.now() + 30 * DAY_MS)
  const patient = await world.accepted({ to: BOB, expiresAt })
  world.putForward(DEFAULT_LIFE_MS + 1_000)
  await world.startWorker(t)
  await world.until(plain.id, 'expired')
  assert.equal((await world.message(later.id)).status, 'queued')
  assert.deepEqual((await world.message(patient.id)).expiresAt, expiresAt)
})

test('names the points that an entry passes', async t => {
  const points: string[] = []
  const listen = (message: unknown) => {
    const { point } = message as Step
    if (point.startsWith('outbox.')) points.push(point)
  }
  subscribe('postern:step', listen)
  t.after(() => unsubscribe('postern:step', listen))
  const world = await createWorld(t)
  const message = await world.accepted()
  assert.deepEqual(points, ['outbox.before_enqueue', 'outbox.enqueued'])
  await world.startWorker(t)
  await world.until(message.id, 'sent')
  await eventually(async () => (points.length === 4 ? true : undefined), 'the last point')
  assert.deepEqual(points.slice(2), ['outbox.claimed', 'outbox.settled'])
})

test('an instant that has passed, however long ago, is at once: it holds no chat and costs no time', async t => {
  const world = await createWorld(t)
  const expiresAt = new Date(Date.now() + DAY_MS)
  const zero = await world.accepted({ sendAt: new Date('0001-01-01T00:00:00Z'), expiresAt })
  const behind = await world.accepted()
  const old = await world.accepted({ to: BOB, sendAt: new Date(Date.now() - 10 * DAY_MS) })
  assert.deepEqual([zero.dueAt, old.dueAt], [undefined, undefined])
  assert.ok((old.expiresAt ?? old.createdAt) > world.now())
  await world.startWorker(t)
  for (const { id } of [zero, behind, old]) await world.until(id, 'sent')
})
