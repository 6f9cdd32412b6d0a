import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SendOutcome } from '../../app/model/send-port.ts'
import { createOutboxWorker } from '../../app/outbox/worker.ts'
import { Connection } from '../../app/store/database/connection.ts'
import { temporaryFolder } from '../sandbox/running-receiver.ts'
import { ALICE, BOB, createWorld, eventually, openTestStore, policyWith, rule, World } from './world.ts'

const LOST: SendOutcome = { kind: 'retry', reason: 'no ack in time' }

test('sends what is queued and writes down the ack', async t => {
  const world = await createWorld(t)
  const early = await world.accepted({ body: 'before the start' })
  await world.startWorker(t)
  const late = await world.accepted({ body: 'after the start', to: BOB })
  const sent = await world.until(early.id, 'sent')
  await world.until(late.id, 'sent')
  assert.deepEqual(
    sent.timeline.map(step => step.status),
    ['queued', 'sending', 'sent'],
  )
  assert.partialDeepStrictEqual(world.port.orders[0], {
    account: 'main',
    chat: ALICE,
    messageId: early.messageId,
    content: early.content,
  })
  const events = (await world.events()).filter(event => event.type === 'message.sent')
  assert.deepEqual(
    events.map(event => event.data.message_id).sort(),
    [early.messageId, late.messageId].sort(),
  )
  assert.equal(events[0]?.data.status, 'sent')
})

test('keeps the order of a chat while its head fails, lets other chats go, and repeats the same id', async t => {
  const world = await createWorld(t)
  world.port.script.push(LOST)
  const first = await world.accepted({ body: 'first' })
  const second = await world.accepted({ body: 'second' })
  await world.startWorker(t)
  await eventually(async () => (world.port.orders.length === 1 ? true : undefined), 'the first attempt')
  const other = await world.accepted({ body: 'other chat', to: BOB })
  await world.until(other.id, 'sent')
  assert.deepEqual(world.port.texts, ['first', 'other chat'])

  world.putForward(1_500)
  world.port.becomeOpen('main')
  await world.until(second.id, 'sent')
  assert.deepEqual(world.port.texts, ['first', 'other chat', 'first', 'second'])
  assert.equal(world.port.orders[2]?.messageId, first.messageId)
  const kept = await world.message(first.id)
  assert.equal(kept.attemptCount, 2)
  assert.equal(kept.status, 'sent')
})

test('fails what cannot be read any more, with an event, and goes on with its chat and with others', async t => {
  const folder = temporaryFolder(t)
  const world = new World(await openTestStore(t, folder))
  const expiresAt = new Date(world.now().getTime() + 60_000)
  const late = await world.accepted({ to: '+12025550177', expiresAt })
  const [damaged, next] = [await world.accepted({ body: 'first' }), await world.accepted({ body: 'second' })]
  const [illegible, other] = [
    await world.accepted({ to: BOB, body: 'a' }),
    await world.accepted({ to: BOB, body: 'b' }),
  ]
  const db = Connection.open(join(folder, 'postern.db'), 'write')
  for (const { id } of [late, damaged]) db.run('UPDATE messages SET body = zeroblob(99) WHERE id = ?', id)
  const step =
    'UPDATE message_steps SET detail = zeroblob(99) WHERE message = (SELECT seq FROM messages WHERE id = ?)'
  db.run(step, illegible.id)
  db.close()
  world.putForward(120_000)
  await world.startWorker(t)
  for (const { id } of [next, illegible, other]) await world.until(id, 'sent')
  assert.deepEqual(world.port.texts.toSorted(), ['a', 'b', 'second'])
  await world.until(late.id, 'expired')
  const { timeline, content } = await world.until(damaged.id, 'failed')
  assert.equal(timeline.at(-1)?.code, 'message.unreadable')
  assert.equal(content.type, 'unsupported')
  const failed = (await world.events()).filter(({ type }) => type === 'message.failed')
  assert.deepEqual(failed.map(({ data }) => data.id).sort(), [late.id, damaged.id].sort())
  const listed = await world.store.messages.list({ account: 'main', status: 'failed', limit: 5 })
  assert.deepEqual(
    listed.items.map(({ id }) => id),
    [damaged.id],
  )
})

test('sends again after a send that threw', async t => {
  const world = await createWorld(t)
  world.port.script.push(new Error('socket gone'))
  const message = await world.accepted()
  await world.startWorker(t)
  await world.until(message.id, 'sent')
  assert.deepEqual(new Set(world.port.orders.map(order => order.messageId)), new Set([message.messageId]))
})

test('fails for good what WhatsApp refuses, with its code, and goes on with the chat', async t => {
  const world = await createWorld(t)
  world.port.script.push({
    kind: 'refused',
    code: 'recipient.not_on_whatsapp',
    reason: 'nobody has this number',
  })
  const message = await world.accepted()
  const next = await world.accepted()
  await world.startWorker(t)
  await world.until(next.id, 'sent')
  const failed = await world.message(message.id)
  assert.equal(failed.status, 'failed')
  const { code, detail } = failed.timeline.at(-1) ?? {}
  assert.deepEqual([code, detail], ['recipient.not_on_whatsapp', 'nobody has this number'])
  const event = (await world.events()).find(({ type }) => type === 'message.failed')
  assert.deepEqual(event?.data.error, {
    code: 'recipient.not_on_whatsapp',
    message: 'nobody has this number',
  })
})

test('gives up after some attempts that came to the same, whatever else went wrong before', async t => {
  const world = await createWorld(t)
  const giveUp = { code: 'message.rejected', afterAttempts: 2 } as const
  const stale: SendOutcome = { kind: 'retry', reason: 'error 479', giveUp }
  world.port.script.push(LOST, LOST, stale, stale)
  const message = await world.accepted()
  await world.startWorker(t)
  for (const attempts of [1, 2, 3]) {
    await eventually(async () => {
      const { status, attemptCount } = await world.message(message.id)
      return status === 'queued' && attemptCount === attempts ? true : undefined
    }, `attempt ${attempts}`)
    world.putForward(60_000)
    world.port.becomeOpen('main')
  }
  const failed = await world.until(message.id, 'failed')
  assert.equal(failed.attemptCount, 4)
  assert.equal(failed.timeline.at(-1)?.code, 'message.rejected')
})

test('waits longer when WhatsApp asks for patience', async t => {
  const world = await createWorld(t)
  world.port.script.push({ kind: 'retry', reason: 'error 429', patient: true })
  const message = await world.accepted()
  const twin = await world.accepted({ to: BOB })
  world.port.script.push(LOST)
  await world.startWorker(t)
  const wait = async (id: string) => {
    const again = await eventually(async () => {
      const found = await world.message(id)
      return found.attemptCount === 1 && found.status === 'queued' ? found : undefined
    }, 'the first attempt')
    return Math.round(((again.dueAt?.getTime() ?? 0) - (again.timeline.at(-1)?.at.getTime() ?? 0)) / 1_000)
  }
  assert.deepEqual([await wait(message.id), await wait(twin.id)], [5, 1])
})

/** The seconds from one attempt to the next when all come to the same. */
async function waitsAfter(t: TestContext, outcome: SendOutcome): Promise<readonly number[]> {
  const world = await createWorld(t)
  world.port.script.push(...Array.from({ length: 6 }, () => outcome))
  const message = await world.accepted()
  await world.startWorker(t)
  const waits: number[] = []
  while (waits.length < 6) {
    const dueAt = await eventually(async () => {
      const { status, attemptCount, dueAt } = await world.message(message.id)
      return status === 'queued' && attemptCount === waits.length + 1 ? dueAt : undefined
    }, 'the next attempt')
    waits.push((dueAt.getTime() - Date.now()) / 1_000 - 60 * waits.length)
    world.putForward(60_000)
    world.port.becomeOpen('main')
  }
  return waits
}

test('sends again soon after its connection ended, however often that has happened', async t => {
  const waits = await waitsAfter(t, { kind: 'retry', reason: 'the connection was lost', cutOff: true })
  assert.ok(Math.max(...waits) <= 6, waits.join())
})

test('sends again ever later while nobody answers', async t => {
  const waits = await waitsAfter(t, LOST)
  assert.ok((waits.at(-1) ?? 0) > 15, waits.join())
})

test('asks the policy again when a message is about to leave: a deny fails it with the rule', async t => {
  const world = await createWorld(t)
  const message = await world.accepted({ to: ALICE })
  const twin = await world.accepted({ to: BOB })
  world.policy = policyWith([
    rule({ id: 'not-alice', effect: 'deny', when: { recipients: { numbers: [ALICE] } } }),
  ])
  await world.startWorker(t)
  await world.until(twin.id, 'sent')
  const failed = await world.until(message.id, 'failed')
  assert.match(failed.timeline.at(-1)?.detail ?? '', /not-alice/)
  assert.deepEqual(
    world.port.orders.map(order => order.chat),
    [BOB],
  )
  const entry = (await world.audit()).at(-1)
  assert.deepEqual([entry?.principal, entry?.decision, entry?.detail?.by], ['system', 'deny', 'not-alice'])
  assert.ok((await world.events()).some(event => event.type === 'message.failed'))
})

test('holds a message that the policy of the moment wants a human to see', async t => {
  const world = await createWorld(t)
  const message = await world.accepted()
  world.policy = policyWith([rule({ id: 'a-human-looks', effect: 'hold' })])
  await world.startWorker(t)
  const held = await world.until(message.id, 'held')
  assert.match(held.timeline.at(-1)?.detail ?? '', /a-human-looks/)
  assert.deepEqual(
    (await world.events()).map(event => event.type),
    ['message.queued', 'message.held'],
  )
  assert.deepEqual(world.port.orders, [])
})

test('waits for the account, and goes as soon as it is open', async t => {
  const world = await createWorld(t)
  world.port.open = []
  const message = await world.accepted()
  await world.startWorker(t)
  await sleep(50)
  assert.equal((await world.message(message.id)).status, 'queued')
  world.port.becomeOpen('main')
  await world.until(message.id, 'sent')
})

test('waits for the instant a message is due, without being woken', async t => {
  const world = await createWorld(t)
  const dueAt = new Date(Date.now() + 300)
  const message = await world.accepted({ sendAt: dueAt })
  await world.startWorker(t)
  const sent = await world.until(message.id, 'sent')
  const sending = sent.timeline.find(step => step.status === 'sending')
  assert.ok((sending?.at.getTime() ?? 0) >= dueAt.getTime())
})

test('lets a message expire that could not be sent in time, with an event', async t => {
  const world = await createWorld(t)
  world.port.open = []
  const message = await world.accepted({ expiresAt: new Date(world.now().getTime() + 60_000) })
  const twin = await world.accepted({ expiresAt: new Date(world.now().getTime() + 600_000), to: BOB })
  world.putForward(61_000)
  await world.startWorker(t)
  const expired = await world.until(message.id, 'expired')
  assert.equal(expired.timeline.at(-1)?.status, 'expired')
  assert.equal((await world.message(twin.id)).status, 'queued')
  const event = (await world.events()).find(({ type }) => type === 'message.failed')
  assert.equal(event?.data.status, 'expired')
  world.port.becomeOpen('main')
  await world.until(twin.id, 'sent')
  assert.deepEqual(
    world.port.orders.map(order => order.chat),
    [BOB],
  )
})

test('sends over several chats at once, up to its bound', async t => {
  const world = await createWorld(t)
  const gate = Promise.withResolvers<SendOutcome>()
  for (let i = 0; i < 4; i++) world.port.script.push(gate.promise)
  const messages = []
  for (const digit of [1, 2, 3, 4]) messages.push(await world.accepted({ to: `+1202555020${digit}` }))
  await world.startWorker(t, { concurrency: 3 })
  await eventually(async () => (world.port.orders.length === 3 ? true : undefined), 'three sends')
  await sleep(50)
  assert.equal(world.port.orders.length, 3)
  gate.resolve({ kind: 'acked', at: new Date() })
  for (const message of messages) await world.until(message.id, 'sent')
})

test('writes an outcome down once the disk takes it again, and sends nothing twice', async t => {
  const world = await createWorld(t)
  const { store } = world
  let failures = 1
  const advance: typeof store.messages.advance = (...args) =>
    failures-- > 0 ? Promise.reject(new Error('disk full')) : store.messages.advance(...args)
  const message = await world.accepted()
  await world.startWorker(t, {
    store: {
      ...store,
      messages: { ...store.messages, advance },
      onCommit: listener => store.onCommit(listener),
    },
  })
  await world.until(message.id, 'sent')
  assert.equal(world.port.orders.length, 1)
  assert.equal((await world.events()).filter(event => event.type === 'message.sent').length, 1)
})

test('waits for a send under way when it stops, and takes nothing more', async t => {
  const world = await createWorld(t)
  const gate = Promise.withResolvers<SendOutcome>()
  world.port.script.push(gate.promise)
  const first = await world.accepted()
  const second = await world.accepted()
  const worker = createOutboxWorker(world.deps())
  await worker.start()
  await eventually(async () => (world.port.orders.length === 1 ? true : undefined), 'the first attempt')
  const stopped = worker.stop()
  gate.resolve({ kind: 'acked', at: new Date() })
  await stopped
  assert.equal((await world.message(first.id)).status, 'sent')
  assert.equal((await world.message(second.id)).status, 'queued')
})

test('stops in bounded time when a send never ends', async t => {
  const world = await createWorld(t)
  world.port.script.push(new Promise(() => {}))
  const message = await world.accepted()
  const worker = createOutboxWorker({ ...world.deps(), stopWaitMs: 50 })
  await worker.start()
  await eventually(async () => (world.port.orders.length === 1 ? true : undefined), 'the first attempt')
  await worker.stop()
  assert.equal((await world.message(message.id)).status, 'sending')
})
