import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Device } from '../../app/store/accounts.ts'
import { after, effectsIn, event, freshStore, NO_EFFECTS, outgoing, START, someEffects } from './fixture.ts'

const DEVICE: Device = {
  account: 'main',
  credentials: Uint8Array.of(1, 2, 3),
  phone: '+12025550199',
  linkedAt: START,
}
const bytes = (device: Device | undefined) => device && { ...device, credentials: [...device.credentials] }

test('a device comes back as it was put, and a later put replaces it', async t => {
  const store = await freshStore(t)
  assert.equal(await store.accounts.get('main'), undefined)
  await store.accounts.put(DEVICE, someEffects())
  assert.deepEqual(bytes(await store.accounts.get('main')), bytes(DEVICE))
  const next: Device = { account: 'main', credentials: Uint8Array.of(9), loggedOutAt: after(5) }
  await store.accounts.put(next)
  await store.accounts.put({ ...DEVICE, account: 'another' })
  assert.deepEqual((await store.accounts.list()).map(bytes), [
    bytes({ ...DEVICE, account: 'another' }),
    bytes(next),
  ])
  assert.deepEqual(await effectsIn(store), { events: 1, audit: 1 })
})

test('signal keys are kept by account, type and id, and changed all at once', async t => {
  const store = await freshStore(t)
  const value = (n: number) => Buffer.from([n])
  await store.signalKeys.set('main', [
    { type: 'session', id: 'a', value: value(1) },
    { type: 'session', id: 'b', value: value(2) },
    { type: 'pre-key', id: 'a', value: value(3) },
  ])
  await store.signalKeys.set('second', [{ type: 'session', id: 'a', value: value(4) }])
  await store.signalKeys.set('main', [
    { type: 'session', id: 'a', value: value(5) },
    { type: 'session', id: 'b', value: null },
    { type: 'session', id: 'never', value: null },
  ])
  const sessions = await store.signalKeys.get('main', 'session', ['a', 'b', 'c'])
  assert.deepEqual(
    [...sessions].map(([id, found]) => [id, [...(found ?? [])]]),
    [['a', [5]]],
  )
  assert.deepEqual([...((await store.signalKeys.get('main', 'pre-key', ['a'])).get('a') ?? [])], [3])
  await store.signalKeys.clear('main')
  assert.equal((await store.signalKeys.get('main', 'pre-key', ['a'])).size, 0)
  assert.equal((await store.signalKeys.get('second', 'session', ['a'])).size, 1)
})

test('removing an account takes the device and its keys, and leaves what was said and is owed', async t => {
  const store = await freshStore(t)
  const message = outgoing()
  await store.messages.enqueue(message, undefined, { events: [event({ data: { body: 'still owed' } })] })
  await store.accounts.put(DEVICE)
  await store.signalKeys.set('main', [{ type: 'session', id: 'a', value: Uint8Array.of(1) }])
  await store.accounts.remove('main', someEffects())
  assert.equal(await store.accounts.get('main'), undefined)
  assert.equal((await store.signalKeys.get('main', 'session', ['a'])).size, 0)
  assert.deepEqual(await store.messages.get('main', message.id), message)
  assert.deepEqual((await store.events.list({ limit: 1 })).items[0]?.data, { body: 'still owed' })
  assert.deepEqual(await effectsIn(store), { events: 2, audit: 1 })

  await store.accounts.remove('main', someEffects())
  assert.deepEqual(await effectsIn(store), { events: 2, audit: 1 }, 'there was nothing left to remove')
  await store.accounts.put(DEVICE)
  assert.deepEqual(bytes(await store.accounts.get('main')), bytes(DEVICE), 'and it can be linked again')
})

test('an account is paused and resumed, with effects only when that changes something', async t => {
  const store = await freshStore(t)
  assert.equal(await store.accounts.isPaused('main'), false)
  await store.accounts.setPaused('main', false, someEffects())
  assert.deepEqual(await effectsIn(store), { events: 0, audit: 0 })
  await store.accounts.setPaused('main', true, someEffects())
  await store.accounts.setPaused('main', true, someEffects())
  assert.equal(await store.accounts.isPaused('main'), true)
  assert.equal(await store.accounts.isPaused('second'), false)
  await store.accounts.setPaused('main', false, someEffects())
  assert.equal(await store.accounts.isPaused('main'), false)
  assert.deepEqual(await effectsIn(store), { events: 2, audit: 2 })
})

test('small values of the appliance are kept, but none of the store’s own', async t => {
  const store = await freshStore(t)
  assert.equal(await store.meta.get('policy.revision'), undefined)
  await store.meta.set('policy.revision', '1')
  await store.meta.set('policy.revision', '2')
  assert.equal(await store.meta.get('policy.revision'), '2')
  assert.equal(await store.meta.get('store.key_check'), undefined)
  await assert.rejects(store.meta.set('store.key_check', '00'), { code: 'store.conflict' })
})

test('listeners hear after each commit what it touched, until they stop listening', async t => {
  const store = await freshStore(t)
  const heard: string[][] = []
  const stop = store.onCommit(topics => heard.push([...topics].sort()))
  const taken = () => heard.splice(0).flat()
  await store.meta.set('a', 'b')
  await store.signalKeys.set('main', [{ type: 'session', id: 'a', value: Uint8Array.of(1) }])
  assert.deepEqual(taken(), [])
  await store.accounts.put(DEVICE)
  assert.deepEqual(taken(), ['accounts'])
  const owed = { id: 'dlv_1', endpoint: 'ops', lane: '' }
  const message = outgoing()
  await store.messages.enqueue(message, undefined, { events: [event({ deliveries: [owed] })] })
  assert.deepEqual(taken(), ['deliveries', 'events', 'outbox'])
  await store.messages.claim({ free: new Map([['main', 1]]), now: START })
  assert.deepEqual(taken(), [], 'a claim makes nothing claimable')
  const sent = { account: 'main', messageId: message.messageId, to: 'sent', at: START } as const
  await store.messages.advance(sent, NO_EFFECTS)
  assert.deepEqual(taken(), ['outbox'])
  await store.messages.advance(sent, someEffects())
  assert.deepEqual(taken(), [], 'nothing changed')
  stop()
  await store.accounts.put(DEVICE)
  assert.deepEqual(taken(), [])
})

test('a listener that throws costs nobody anything', async t => {
  const store = await freshStore(t)
  let heard = 0
  store.onCommit(() => {
    throw new Error('a bug elsewhere')
  })
  store.onCommit(() => heard++)
  await store.accounts.put(DEVICE)
  assert.equal(heard, 1)
})

test('events are listed oldest first, and any event’s id is a cursor', async t => {
  const store = await freshStore(t)
  const events = [1, 2, 3].map(n => event({ data: { n } }))
  const bare = event({ type: 'policy.applied' })
  const { account: _, ...ofNobody } = bare
  await store.events.append({ events: [...events, ofNobody] })
  const ids = [...events, bare].map(({ id }) => id)
  const page = await store.events.list({ limit: 2 })
  assert.deepEqual([page.items.map(({ id }) => id), page.next], [ids.slice(0, 2), ids[1]])
  const rest = await store.events.list({ limit: 5, after: ids[1] ?? '' })
  assert.deepEqual([rest.items.map(({ id }) => id), rest.next], [ids.slice(2), null])
  assert.equal('account' in (rest.items[1] ?? {}), false)
  assert.deepEqual((await store.events.list({ limit: 5, after: ids[3] ?? '' })).items, [])
  await assert.rejects(store.events.list({ limit: 5, after: 'evt_nobody' }), { code: 'store.bad_cursor' })
})
