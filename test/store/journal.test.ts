import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Arrival, InboundChange, Recording } from '../../app/store/journal.ts'
import { after, effectsIn, event, freshStore, incoming, outgoing, START } from './fixture.ts'

function arrival(name: string, over: Partial<Arrival> = {}): Arrival {
  const digest = createHash('sha256').update(name).digest()
  return { account: 'main', digest, at: START, stanza: Buffer.from(`stanza of ${name}`), ...over }
}

function keys(...ids: readonly string[]) {
  const changes = ids.map(id => ({ type: 'session', id, value: Buffer.from(id) }))
  return { chain: 'one', changes }
}

function recording(seq: number | undefined, over: Partial<Recording> = {}): Recording {
  return { account: 'main', seq: seq ?? 0, changes: [], kept: true, at: START, ...over }
}

function told(): InboundChange {
  return { kind: 'event', effects: { events: [event()] } }
}

test('an arrival is kept with what reading it did to the keys, and answers for itself', async t => {
  const store = await freshStore(t)
  const came = arrival('a', { plaintext: Buffer.from('hello') })
  const seq = await store.journal.add(came, keys('ann'))
  assert.equal((await store.signalKeys.get('main', 'session', ['ann'])).size, 1)
  assert.equal(Buffer.from((await store.journal.plaintext('main', came.digest)) ?? []).toString(), 'hello')
  assert.equal(await store.journal.plaintext('other', came.digest), undefined)
  const [entry] = await store.journal.unfinished('main')
  assert.ok(entry !== undefined && 'stanza' in entry)
  assert.equal(entry.seq, seq)
  assert.equal(Buffer.from(entry.stanza).toString(), 'stanza of a')
  assert.deepEqual(await store.journal.unfinished('other'), [])
})

test('the same arrival is kept once', async t => {
  const store = await freshStore(t)
  assert.notEqual(await store.journal.add(arrival('a')), undefined)
  assert.equal(await store.journal.add(arrival('a')), undefined)
  assert.notEqual(await store.journal.add(arrival('a', { account: 'second' })), undefined)
  assert.equal((await store.journal.unfinished('main')).length, 1)
})

test('an entry is recorded once, together with what it comes to', async t => {
  const store = await freshStore(t)
  const seq = await store.journal.add(arrival('a', { plaintext: Buffer.from('hello') }))
  const message = incoming()
  const change: InboundChange = { kind: 'message', message, effects: { events: [event()] } }
  const recorded = recording(seq, { changes: [change, told()] })
  assert.deepEqual(await store.journal.record(recorded), [true, true])
  assert.deepEqual(await store.journal.record(recorded), [])
  assert.deepEqual(await effectsIn(store), { events: 2, audit: 0 })
  assert.deepEqual(await store.journal.unfinished('main'), [])
  assert.notEqual(await store.journal.plaintext('main', arrival('a').digest), undefined)
})

test('one thing that came in two wrappings counts once, another does not', async t => {
  const store = await freshStore(t)
  const seqs = [await store.journal.add(arrival('a')), await store.journal.add(arrival('b'))]
  const third = await store.journal.add(arrival('c'))
  const record = (seq: number | undefined, subject: string) =>
    store.journal.record(recording(seq, { subject, changes: [told()] }))
  assert.deepEqual(await record(seqs[0], 'same'), [true])
  assert.deepEqual(await record(seqs[1], 'same'), [])
  assert.deepEqual(await record(third, 'other'), [true])
  assert.deepEqual(await store.journal.unfinished('main'), [])
})

test('a message that is known changes nothing and tells nothing', async t => {
  const store = await freshStore(t)
  const message = incoming()
  await store.messages.receive(message, {})
  const change: InboundChange = { kind: 'message', message, effects: { events: [event()] } }
  const seq = await store.journal.add(arrival('a'))
  assert.deepEqual(await store.journal.record(recording(seq, { changes: [change] })), [false])
  assert.deepEqual(await effectsIn(store), { events: 0, audit: 0 })
})

test('receipts of a group are kept for each participant at their latest', async t => {
  const store = await freshStore(t)
  const message = outgoing({ chat: '120363000000000001@g.us' })
  await store.messages.enqueue(message, undefined, {})
  const receipt = async (name: string, participant: string, status: 'delivered' | 'read') => {
    const about = { messageId: message.messageId, participant, status, at: after(5) }
    const change: InboundChange = { kind: 'participant', receipt: about, effects: { events: [event()] } }
    const seq = await store.journal.add(arrival(name))
    return await store.journal.record(recording(seq, { changes: [change], kept: false }))
  }
  assert.deepEqual(await receipt('1', '+12025550101', 'delivered'), [true])
  assert.deepEqual(await receipt('2', '+12025550102', 'read'), [true])
  assert.deepEqual(await receipt('3', '+12025550102', 'delivered'), [false])
  const kept = (await store.messages.get('main', message.id))?.receipts ?? []
  assert.deepEqual(kept.map(({ participant, status }) => [participant, status]).sort(), [
    ['+12025550101', 'delivered'],
    ['+12025550102', 'read'],
  ])
  assert.deepEqual(await effectsIn(store), { events: 2, audit: 0 })
})

test('once a write of a connection has failed, nothing that stands on it is kept; another connection goes on', async t => {
  const store = await freshStore(t)
  await store.journal.add(arrival('a'), keys('a'))
  const broken = arrival('b', { at: new Date(Number.NaN), plaintext: Buffer.from('b') })
  const writes = await Promise.allSettled([
    store.journal.add(broken, keys('b')),
    store.journal.add(arrival('c'), keys('c')), // shares the commit
    store.signalKeys.set('main', keys('d').changes, 'one'),
  ])
  assert.deepEqual(
    writes.map(each => each.status === 'rejected' && each.reason.code),
    ['store.conflict', 'store.chain_broken', 'store.chain_broken'],
  )
  await assert.rejects(store.journal.add(arrival('e'), keys('e')), { code: 'store.chain_broken' })
  await store.journal.add(arrival('f'), { ...keys('f'), chain: 'two' })
  const stored = await store.signalKeys.get('main', 'session', ['a', 'b', 'c', 'd', 'e', 'f'])
  assert.deepEqual([...stored.keys()], ['a', 'f'])
})

test('finished entries go with age, unfinished ones never', async t => {
  const store = await freshStore(t)
  const plaintext = Buffer.from('hello')
  const seq = await store.journal.add(arrival('a', { plaintext }))
  await store.journal.add(arrival('b', { plaintext }))
  await store.journal.record(recording(seq))
  await store.journal.prune(START)
  assert.notEqual(await store.journal.plaintext('main', arrival('a').digest), undefined)
  await store.journal.prune(after(1))
  assert.equal(await store.journal.plaintext('main', arrival('a').digest), undefined)
  assert.equal((await store.journal.unfinished('main')).length, 1)
})
