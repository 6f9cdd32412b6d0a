import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALICE, createWorld } from './world.ts'

const MINUTE_MS = 60_000

test('an edit that has left changes what the message says, and one that failed does not', async t => {
  const world = await createWorld(t)
  await world.startWorker(t)
  const { id, messageId } = await world.accepted({
    content: { type: 'text', text: { body: 'teh' }, mentions: [ALICE] },
  })
  await world.until(id, 'sent')
  const edit = (body: string) =>
    ({ content: { type: 'edit', edit: { message_id: messageId, body } } }) as const
  world.port.script.push({ kind: 'refused', code: 'message.rejected', reason: 'no' })
  await world.until((await world.accepted(edit('nonsense'))).id, 'failed')
  assert.partialDeepStrictEqual((await world.message(id)).content, { text: { body: 'teh' } })
  const edited = await world.accepted(edit('the'))
  await world.until(edited.id, 'sent')
  assert.deepEqual((await world.message(id)).content, {
    ...{ type: 'text', text: { body: 'the' }, mentions: [ALICE] },
  })
  const sent = (await world.events()).find(
    ({ type, data }) => type === 'message.sent' && data.id === edited.id,
  )
  assert.deepEqual([sent?.data.type, sent?.data.edit], ['edit', { message_id: messageId, body: 'the' }])
})

test('an edit that was accepted in time is accepted still when it is asked for again', async t => {
  const world = await createWorld(t)
  await world.startWorker(t)
  const { id, messageId } = await world.accepted()
  await world.until(id, 'sent')
  const content = { type: 'edit', edit: { message_id: messageId, body: 'x' } } as const
  const ask = (idempotencyKey: string) => world.enqueue({ content, idempotencyKey, bodyDigest: 'one' })
  const first = await ask('key')
  world.putForward(16 * MINUTE_MS)
  const repeated = await ask('key')
  assert.ok(first.kind === 'accepted' && repeated.kind === 'accepted' && repeated.repeated)
  assert.equal(repeated.message.id, first.message.id)
  assert.equal((await ask('another')).kind, 'unfit')
})

test('every attempt at a poll has the same secret', async t => {
  const world = await createWorld(t)
  world.port.script.push({ kind: 'retry', reason: 'no ack' })
  await world.startWorker(t)
  const poll = { name: 'Tea?', options: ['yes', 'no'], selectable_count: 1 }
  const { id } = await world.accepted({ content: { type: 'poll', poll } })
  await world.until(id, 'sent')
  const secrets = world.port.orders.map(({ secret }) => secret)
  assert.equal(secrets.length, 2)
  assert.ok(secrets[0])
  assert.equal(secrets[0], secrets[1])
})
