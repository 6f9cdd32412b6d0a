import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IdempotencyKey } from '../../app/store/messages.ts'
import {
  after,
  effectsIn,
  freshStore,
  incoming,
  NO_EFFECTS,
  outgoing,
  START,
  someEffects,
} from './fixture.ts'

const HOUR_MS = 3_600_000
const KEY: IdempotencyKey = { principal: 'demo', key: 'order 4711', bodyDigest: 'aa' }

test('an enqueued message comes back exactly as it was given', async t => {
  const store = await freshStore(t)
  const message = outgoing({
    from: '+12025550199',
    ip: '10.0.0.9',
    callbackData: 'row 7',
    purpose: 'reminder',
    dueAt: after(5_000),
    expiresAt: after(60_000),
    timeline: [{ status: 'queued', at: START, detail: 'waits for a limit' }],
  })
  assert.deepEqual(await store.messages.enqueue(message, undefined, NO_EFFECTS), { kind: 'stored' })
  assert.deepEqual(await store.messages.get('main', message.id), message)
  assert.deepEqual(await store.messages.get('main', message.messageId), message)
})

test('a bare message comes back without members it never had', async t => {
  const store = await freshStore(t)
  const message = outgoing()
  await store.messages.enqueue(message, undefined, NO_EFFECTS)
  const found = await store.messages.get('main', message.id)
  assert.deepEqual(Object.keys(found ?? {}).sort(), Object.keys(message).sort())
})

test('a message is found under its own account only', async t => {
  const store = await freshStore(t)
  const message = outgoing()
  await store.messages.enqueue(message, undefined, NO_EFFECTS)
  assert.equal(await store.messages.get('second', message.id), undefined)
  assert.equal(await store.messages.get('second', message.messageId), undefined)
})

test('a received message cannot hide one of ours by taking our id as its message id', async t => {
  const store = await freshStore(t)
  const message = outgoing()
  await store.messages.enqueue(message, undefined, NO_EFFECTS)
  await store.messages.receive(incoming({ messageId: message.id }), NO_EFFECTS)
  assert.deepEqual(await store.messages.get('main', message.id), message)
})

test('the same key and body are stored once, with the effects of the first', async t => {
  const store = await freshStore(t)
  const message = outgoing()
  assert.deepEqual(await store.messages.findByKey(KEY), { kind: 'unknown' })
  assert.deepEqual(await store.messages.enqueue(message, KEY, someEffects()), { kind: 'stored' })
  assert.deepEqual(await store.messages.findByKey(KEY), { kind: 'repeated', message })
  assert.deepEqual(await store.messages.enqueue(outgoing(), KEY, someEffects()), {
    kind: 'repeated',
    message,
  })
  assert.deepEqual(await effectsIn(store), { events: 1, audit: 1 })
  assert.equal((await store.messages.list({ account: 'main', limit: 10 })).items.length, 1)
})

test('two requests with one key at the same moment store one message', async t => {
  const store = await freshStore(t)
  const outcomes = await Promise.all(
    [1, 2, 3].map(() => store.messages.enqueue(outgoing(), KEY, someEffects())),
  )
  assert.deepEqual(outcomes.map(outcome => outcome.kind).sort(), ['repeated', 'repeated', 'stored'])
  assert.deepEqual(await effectsIn(store), { events: 1, audit: 1 })
})

test('the same key with another body is refused; the same key of another principal is another key', async t => {
  const store = await freshStore(t)
  await store.messages.enqueue(outgoing(), KEY, NO_EFFECTS)
  const other = { ...KEY, bodyDigest: 'bb' }
  assert.deepEqual(await store.messages.findByKey(other), { kind: 'key-reused' })
  assert.deepEqual(await store.messages.enqueue(outgoing(), other, someEffects()), { kind: 'key-reused' })
  assert.deepEqual(await effectsIn(store), { events: 0, audit: 0 })
  const stranger = { ...other, principal: 'billing' }
  assert.deepEqual(await store.messages.enqueue(outgoing(), stranger, NO_EFFECTS), { kind: 'stored' })
})

test('a key is forgotten after 24 hours and not before', async t => {
  let now = START
  const store = await freshStore(t, () => now)
  await store.messages.enqueue(outgoing(), KEY, NO_EFFECTS)
  now = after(24 * HOUR_MS - 1)
  assert.equal((await store.messages.findByKey(KEY)).kind, 'repeated')
  assert.equal((await store.messages.enqueue(outgoing(), KEY, NO_EFFECTS)).kind, 'repeated')
  now = after(24 * HOUR_MS)
  assert.equal((await store.messages.findByKey(KEY)).kind, 'unknown')
  assert.equal(
    (await store.messages.enqueue(outgoing(), { ...KEY, bodyDigest: 'bb' }, NO_EFFECTS)).kind,
    'stored',
  )
})

test('a received message is stored once, and its event with it', async t => {
  const store = await freshStore(t)
  const message = incoming()
  assert.equal(await store.messages.receive(message, someEffects()), 'stored')
  assert.equal(
    await store.messages.receive({ ...incoming(), messageId: message.messageId }, someEffects()),
    'known',
  )
  assert.deepEqual(await effectsIn(store), { events: 1, audit: 1 })
  assert.deepEqual(await store.messages.get('main', message.messageId), message)
  const elsewhere = incoming({ account: 'second', messageId: message.messageId })
  assert.equal(await store.messages.receive(elsewhere, NO_EFFECTS), 'stored')
})

test('a received message is never claimed', async t => {
  const store = await freshStore(t)
  await store.messages.receive(incoming(), NO_EFFECTS)
  assert.deepEqual(await store.messages.claim({ free: new Map([['main', 10]]), now: START }), [])
})

test('a list is newest first, filtered, and continues where a page ended', async t => {
  const store = await freshStore(t)
  const sent = [1, 2, 3, 4, 5].map(n => outgoing({ chat: n % 2 === 0 ? '+12025550102' : '+12025550101' }))
  for (const message of sent) await store.messages.enqueue(message, undefined, NO_EFFECTS)
  const received = incoming({ chat: '+12025550101' })
  await store.messages.receive(received, NO_EFFECTS)
  await store.messages.enqueue(outgoing({ account: 'second' }), undefined, NO_EFFECTS)
  const all = [...sent, received].map(message => message.id).reverse()

  const first = await store.messages.list({ account: 'main', limit: 4 })
  assert.deepEqual(
    first.items.map(message => message.id),
    all.slice(0, 4),
  )
  assert.ok(first.next)
  const second = await store.messages.list({ account: 'main', limit: 4, before: first.next ?? '' })
  assert.deepEqual(
    second.items.map(message => message.id),
    all.slice(4),
  )
  assert.equal(second.next, null)

  const count = async (filter: object) =>
    (await store.messages.list({ account: 'main', limit: 50, ...filter })).items.length
  assert.equal(await count({ chat: '+12025550101' }), 4)
  assert.equal(await count({ chat: '+12025550101', direction: 'in' }), 1)
  assert.equal(await count({ status: 'queued' }), 5)
  assert.equal(await count({ status: 'sent' }), 0)
  assert.equal(await count({ chat: '+12025550109' }), 0)
})

test('a cursor that no list gave out is an error, also one of another account', async t => {
  const store = await freshStore(t)
  const other = outgoing({ account: 'second' })
  await store.messages.enqueue(other, undefined, NO_EFFECTS)
  for (const before of ['nonsense', other.id]) {
    await assert.rejects(store.messages.list({ account: 'main', limit: 5, before }), {
      code: 'store.bad_cursor',
    })
  }
  assert.equal((await store.messages.list({ account: 'second', limit: 5, before: other.id })).items.length, 0)
})
