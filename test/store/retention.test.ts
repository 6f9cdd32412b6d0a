import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { newId } from '../../app/lib/ids.ts'
import { silentLog } from '../../app/lib/log.ts'
import type { NewEvent } from '../../app/model/event.ts'
import type { Message } from '../../app/model/message.ts'
import type { Retention } from '../../app/policy/snapshot.ts'
import { Connection } from '../../app/store/database/connection.ts'
import type { Store } from '../../app/store/store.ts'
import { sweepOnce } from '../../app/store/sweeper.ts'
import { snapshotOf } from '../policy/world.ts'
import {
  after,
  delivery,
  event,
  freshStore,
  incoming,
  NO_EFFECTS,
  open,
  outgoing,
  START,
  temporaryFolder,
} from './fixture.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
const KEEPS: Retention = {
  bodyMs: 7 * DAY_MS,
  metadataMs: 90 * DAY_MS,
  deliveredMs: 7 * DAY_MS,
  deadMs: 30 * DAY_MS,
}

const day = (n: number) => after(n * DAY_MS)

/** A whole sweep on this day. */
function sweepOn(store: Store, now: Date, retention: Retention = KEEPS): Promise<void> {
  const policy = () => ({ revision: 'r1', snapshot: { ...snapshotOf(''), retention } }) as const
  const deps = { store, policy, now: () => now, log: silentLog, dropFiles: async () => {} }
  return sweepOnce(deps, new AbortController().signal)
}

async function listed(store: Store): Promise<Message[]> {
  return [...(await store.messages.list({ account: 'main', limit: 1_000 })).items]
}

function eventOn(at: Date, over: Partial<NewEvent> = {}): NewEvent {
  return event({ id: newId('evt', at), at, ...over })
}

const idsOf = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id)

async function eventsIn(t: TestContext, days: readonly number[]): Promise<{ store: Store; ids: string[] }> {
  const store = await freshStore(t)
  const events = days.map(n => eventOn(day(n)))
  await store.events.append({ events })
  return { store, ids: idsOf(events) }
}

test('what messages said goes first, that they were goes later', async t => {
  const store = await freshStore(t)
  const [old, young] = [incoming({ createdAt: day(0) }), incoming({ createdAt: day(5) })]
  for (const message of [old, young]) await store.messages.receive(message, NO_EFFECTS)
  await sweepOn(store, day(8))
  const [second, first] = await listed(store)
  assert.deepEqual(first?.content, { type: 'removed', removed: { type: 'text' } })
  assert.deepEqual([first?.id, first?.chat, first?.from], [old.id, old.chat, old.from])
  assert.deepEqual(second?.content, young.content)
  await sweepOn(store, day(93))
  assert.deepEqual(idsOf(await listed(store)), [young.id])
  await sweepOn(store, day(96))
  assert.deepEqual(await listed(store), [])
})

test('a message that is still to be sent keeps everything, however old', async t => {
  const store = await freshStore(t)
  const waiting = (['held', 'queued'] as const).map((status, n) =>
    outgoing({ status, chat: `+1202555010${n}` }),
  )
  for (const message of waiting) {
    const told = eventOn(START, { data: { message_id: message.messageId } })
    await store.messages.enqueue(message, undefined, { events: [told] })
  }
  await sweepOn(store, day(200))
  const kept = await listed(store)
  assert.deepEqual(idsOf(kept).sort(), idsOf(waiting).sort())
  assert.ok(kept.every(({ content }) => content.type === 'text'))
  assert.equal((await store.events.list({ limit: 10 })).items.length, 2)
  const change = {
    account: 'main',
    messageId: waiting[1]?.messageId ?? '',
    to: 'cancelled',
    at: day(200),
  } as const
  assert.equal(await store.messages.advance(change, NO_EFFECTS), true)
  await sweepOn(store, day(200))
  assert.deepEqual(idsOf(await listed(store)), [waiting[0]?.id])
})

test('what is damaged goes like everything else, and keeps nothing else from going', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  t.after(() => store.close())
  const [damaged, whole, young] = [incoming(), incoming(), incoming({ createdAt: day(5) })]
  for (const message of [damaged, whole, young]) await store.messages.receive(message, NO_EFFECTS)
  const told = [eventOn(START), eventOn(START), eventOn(day(5))]
  await store.events.append({ events: told })
  const db = Connection.open(join(folder, 'postern.db'), 'write')
  t.after(() => db.close())
  db.run('UPDATE messages SET body = zeroblob(99) WHERE id = ?', damaged.id)
  db.run('UPDATE events SET body = zeroblob(99) WHERE id = ?', told[0]?.id ?? '')
  await sweepOn(store, day(8))
  assert.deepEqual(
    (await listed(store)).map(({ content }) => content.type),
    ['text', 'removed', 'unsupported'],
  )
  const left = db.get<{ bytes: number }>(
    'SELECT length(body) AS bytes FROM messages WHERE id = ?',
    damaged.id,
  )
  assert.equal(left?.bytes, 0)
  assert.deepEqual(idsOf((await store.events.list({ limit: 10 })).items), [told[2]?.id])
  await sweepOn(store, day(93))
  assert.deepEqual(idsOf(await listed(store)), [young.id])
})

test('more than one stretch is swept whole', async t => {
  const store = await freshStore(t)
  for (let n = 0; n < 250; n++) await store.messages.receive(incoming({ createdAt: after(n) }), NO_EFFECTS)
  await store.events.append({ events: Array.from({ length: 250 }, (_, n) => eventOn(after(n))) })
  await sweepOn(store, day(100))
  assert.deepEqual(await listed(store), [])
  assert.deepEqual((await store.events.list({ limit: 10 })).items, [])
})

test('nothing goes that no document gives a time', async t => {
  const { store, ids } = await eventsIn(t, [0, 1])
  await store.messages.receive(incoming(), NO_EFFECTS)
  await sweepOn(store, day(3_000), {})
  assert.deepEqual(idsOf((await store.events.list({ limit: 10 })).items), ids)
  assert.equal((await listed(store))[0]?.content.type, 'text')
})

test('deliveries go some time after they ended, dead letters with a word in the audit chain', async t => {
  const store = await freshStore(t)
  const [taken, dead, late, waits] = ['a', 'b', 'c', 'd'].map(name => delivery(name))
  const owed = [taken, dead, late, waits].flatMap(one => (one === undefined ? [] : [one]))
  await store.events.append({ events: [eventOn(START, { deliveries: owed })] })
  const end = (id: string | undefined, kind: 'delivered' | 'dead', at: Date) =>
    store.deliveries.settle(id ?? '', { kind, attempt: { at, tookMs: 1 } })
  await end(taken?.id, 'delivered', START)
  await end(late?.id, 'delivered', day(6))
  await end(dead?.id, 'dead', day(1))
  const left = async () =>
    (await store.deliveries.list({ limit: 10 })).items
      .map(({ endpoint, status }) => `${endpoint} ${status}`)
      .sort()
  await sweepOn(store, day(8))
  assert.deepEqual(await left(), ['b dead', 'c delivered', 'd pending'])
  assert.deepEqual((await store.audit.list({ action: 'retention.remove', limit: 5 })).items, [])
  await sweepOn(store, day(32))
  assert.deepEqual(await left(), ['d pending'])
  const [entry] = (await store.audit.list({ action: 'retention.remove', limit: 5 })).items
  assert.deepEqual([entry?.principal, entry?.detail], ['system', { dead_deliveries: 1 }])
})

test('an event stays as long as a delivery needs it', async t => {
  const store = await freshStore(t)
  const owed = delivery('slow')
  const needed = eventOn(START, { deliveries: [owed] })
  await store.events.append({ events: [needed, eventOn(day(1)), eventOn(day(50))] })
  await sweepOn(store, day(40))
  assert.equal((await store.deliveries.get(owed.id))?.event.id, needed.id)
  const settlement = { kind: 'delivered', attempt: { at: day(41), tookMs: 1 } } as const
  await store.deliveries.settle(owed.id, settlement)
  await sweepOn(store, day(49))
  assert.equal(await store.deliveries.get(owed.id), undefined)
})

test('numbers go on after a removal, and the list says from where on it has all of them', async t => {
  const { store, ids } = await eventsIn(t, [0, 1, 20])
  assert.deepEqual(await store.events.oldest(), [{ account: 'main', sequence: 1 }])
  await sweepOn(store, day(10))
  assert.deepEqual(await store.events.oldest(), [{ account: 'main', sequence: 3 }])
  await sweepOn(store, day(60))
  assert.deepEqual(await store.events.oldest(), [{ account: 'main', sequence: 4 }])
  const fresh = eventOn(day(60))
  await store.events.append({ events: [fresh] })
  const { items } = await store.events.list({ limit: 10 })
  assert.deepEqual(
    items.map(({ id, sequence }) => [id, sequence]),
    [[fresh.id, 4]],
  )
  // Whoever had read everything goes on; who had not is told.
  const after = (id: string | undefined) => store.events.list({ after: id ?? '', limit: 10 })
  assert.deepEqual(idsOf((await after(ids[2])).items), [fresh.id])
  for (const id of ids.slice(0, 2)) await assert.rejects(after(id), { code: 'store.cursor_removed' })
  for (const id of ['evt_x', newId('evt', day(61)), newId('obx', day(1))]) {
    await assert.rejects(after(id), { code: 'store.bad_cursor' }, id)
  }
})

test('an event that is kept for somebody is no part of the list any more, nor a cursor', async t => {
  const store = await freshStore(t)
  const kept = eventOn(START, { deliveries: [delivery('never')] })
  const [gone, young] = [eventOn(day(1)), eventOn(day(30))]
  await store.events.append({ events: [kept, gone, young] })
  await sweepOn(store, day(31))
  assert.deepEqual(idsOf((await store.events.list({ limit: 10 })).items), [young.id])
  assert.deepEqual(await store.events.oldest(), [{ account: 'main', sequence: 3 }])
  await assert.rejects(store.events.list({ after: kept.id, limit: 10 }), { code: 'store.cursor_removed' })
})
