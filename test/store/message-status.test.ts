import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message, MessageStatus } from '../../app/model/message.ts'
import type { Store } from '../../app/store/store.ts'
import {
  after,
  effectsIn,
  freshStore,
  NO_EFFECTS,
  open,
  outgoing,
  START,
  someEffects,
  temporaryFolder,
} from './fixture.ts'

async function queued(store: Store, over: Partial<Message> = {}): Promise<Message> {
  const message = outgoing(over)
  await store.messages.enqueue(message, undefined, NO_EFFECTS)
  return message
}

const claim = (store: Store) => store.messages.claim({ free: new Map([['main', 10]]), now: START })

async function statusOf(store: Store, message: Message): Promise<MessageStatus | undefined> {
  return (await store.messages.get('main', message.id))?.status
}

test('a message advances with its effects, and its timeline tells when', async t => {
  const store = await freshStore(t)
  const { id, messageId } = await queued(store)
  await claim(store)
  const change = { account: 'main', messageId, to: 'sent', at: after(50) } as const
  assert.equal(await store.messages.advance(change, someEffects()), true)
  assert.deepEqual(await effectsIn(store), { events: 1, audit: 1 })
  const found = await store.messages.get('main', id)
  assert.deepEqual(found?.timeline, [
    { status: 'queued', at: START },
    { status: 'sending', at: START },
    { status: 'sent', at: after(50) },
  ])
})

test('a status that does not advance changes nothing and has no effects', async t => {
  const store = await freshStore(t)
  const { id, messageId } = await queued(store)
  const to = (status: MessageStatus) =>
    store.messages.advance({ account: 'main', messageId, to: status, at: START }, someEffects())
  assert.equal(await to('read'), true)
  const before = await store.messages.get('main', id)
  for (const late of ['delivered', 'read', 'sent', 'failed', 'queued'] as const)
    assert.equal(await to(late), false)
  assert.deepEqual(await store.messages.get('main', id), before)
  assert.deepEqual(await effectsIn(store), { events: 1, audit: 1 })
  const unknown = { account: 'main', messageId: 'nobody', to: 'sent', at: START } as const
  assert.equal(await store.messages.advance(unknown, someEffects()), false)
})

test('an end stays, but a phone that has the message is right', async t => {
  const store = await freshStore(t)
  for (const end of ['failed', 'expired', 'cancelled'] as const) {
    const message = await queued(store)
    const advance = (to: MessageStatus) =>
      store.messages.advance({ account: 'main', messageId: message.messageId, to, at: START }, NO_EFFECTS)
    assert.equal(await advance(end), true)
    assert.equal(await advance('queued'), false)
    assert.equal(await advance('sent'), false, 'an ack that comes late proves less')
    assert.equal(await advance('delivered'), true)
    assert.equal(await statusOf(store, message), 'delivered')
  }
  const incomingOne = outgoing({ status: 'received' })
  await store.messages.receive(incomingOne, NO_EFFECTS)
  const read = { account: 'main', messageId: incomingOne.messageId, to: 'read', at: START } as const
  assert.equal(await store.messages.advance(read, NO_EFFECTS), false)
})

test('a cancellation limited to waiting entries does not catch one that is being sent', async t => {
  const store = await freshStore(t)
  const first = await queued(store)
  const second = await queued(store)
  await claim(store)
  const cancel = ({ messageId }: Message) =>
    store.messages.advance(
      { account: 'main', messageId, to: 'cancelled', at: START, onlyFrom: ['queued', 'held'] },
      NO_EFFECTS,
    )
  assert.equal(await cancel(first), false)
  assert.equal(await statusOf(store, first), 'sending')
  assert.equal(await cancel(second), true)
  assert.equal(await statusOf(store, second), 'cancelled')
})

test('a requeued entry is claimed again from its instant on, with the attempt counted', async t => {
  const store = await freshStore(t, () => after(10))
  const { id } = await queued(store)
  const [claimed] = await claim(store)
  assert.equal(claimed?.status, 'sending')
  assert.equal(claimed?.attemptCount, 1)
  await store.messages.requeue(id, { dueAt: after(1_000), reason: 'no ack' })
  assert.deepEqual(await claim(store), [])
  assert.deepEqual(await store.messages.nextDueAt(['main']), after(1_000))
  const [again] = await store.messages.claim({ free: new Map([['main', 1]]), now: after(1_000) })
  assert.equal(again?.attemptCount, 2)
  assert.deepEqual(again?.timeline[2], { status: 'queued', at: after(10), detail: 'no ack' })
})

test('requeue and hold leave an entry alone that is not in sending', async t => {
  const store = await freshStore(t)
  const message = await queued(store)
  await store.messages.requeue(message.id, { dueAt: after(1_000), reason: 'late' })
  assert.equal(
    await store.messages.hold(message.id, { at: START, by: 'a-rule', reason: 'late' }, someEffects()),
    false,
  )
  assert.deepEqual(await store.messages.get('main', message.id), message)
  assert.deepEqual(await effectsIn(store), { events: 0, audit: 0 })
})

test('a held entry waits for a human and lets its chat go on; approved, it is first again', async t => {
  const store = await freshStore(t)
  const first = await queued(store)
  const second = await queued(store)
  await claim(store)
  assert.equal(
    await store.messages.hold(first.id, { at: START, by: 'a-rule', reason: 'rule 7' }, someEffects()),
    true,
  )
  assert.deepEqual(await effectsIn(store), { events: 1, audit: 1 })
  assert.equal(await statusOf(store, first), 'held')
  const approve = { account: 'main', messageId: first.messageId, to: 'queued', at: START } as const
  assert.equal(await store.messages.advance(approve, NO_EFFECTS), true)
  assert.deepEqual(
    (await claim(store)).map(message => message.id),
    [first.id],
  )
  assert.equal(await statusOf(store, second), 'queued')
})

test('a timeline keeps its beginning and its latest steps however often an entry is tried', async t => {
  const store = await freshStore(t)
  const { id } = await queued(store)
  for (let n = 0; n < 40; n++) {
    await claim(store)
    await store.messages.requeue(id, { dueAt: START, reason: `try ${n}` })
  }
  const found = await store.messages.get('main', id)
  assert.equal(found?.attemptCount, 40)
  assert.ok((found?.timeline.length ?? 0) <= 50)
  assert.deepEqual(found?.timeline[0], { status: 'queued', at: START })
  assert.equal(found?.timeline.at(-1)?.detail, 'try 39')
})

test('after a start everything left in sending is queued again', async t => {
  const folder = temporaryFolder(t)
  const before = await open(folder)
  const message = await queued(before)
  await claim(before)
  await before.close()
  const store = await open(folder)
  t.after(() => store.close())
  assert.deepEqual(await claim(store), [])
  assert.equal(await store.messages.recover(), 1)
  assert.equal(await store.messages.recover(), 0)
  const [again] = await claim(store)
  assert.equal(again?.messageId, message.messageId)
  assert.equal(again?.attemptCount, 2)
})

test('entries past their expiry are named, and marked only when asked', async t => {
  const store = await freshStore(t)
  const late = await queued(store, { expiresAt: after(10) })
  const held = await queued(store, { expiresAt: after(5), status: 'held' })
  await queued(store, { expiresAt: after(11) })
  await queued(store)
  const ids = (messages: readonly Message[]) => messages.map(message => message.id)
  assert.deepEqual(await store.messages.pastExpiry(after(4), 10), [])
  assert.deepEqual(ids(await store.messages.pastExpiry(after(10), 10)), [held.id, late.id])
  assert.equal(await statusOf(store, late), 'queued')
  const expire = { account: 'main', messageId: held.messageId, to: 'expired', at: after(10) } as const
  assert.equal(await store.messages.advance(expire, NO_EFFECTS), true)
  assert.deepEqual(ids(await store.messages.pastExpiry(after(10), 10)), [late.id])
})

test('an entry that is being sent does not expire under the sender’s hands', async t => {
  const store = await freshStore(t)
  await queued(store, { expiresAt: after(10) })
  await claim(store)
  assert.deepEqual(await store.messages.pastExpiry(after(20), 10), [])
})
