import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SendOutcome } from '../../app/model/send-port.ts'
import { ACTOR, createWorld, eventually, policyWith, rule } from './world.ts'

test('takes back what is queued or held, by our id or by the message id', async t => {
  const world = await createWorld(t)
  const queued = await world.accepted()
  world.policy = policyWith([rule({ id: 'a-human-looks', effect: 'hold' })])
  const held = await world.accepted()
  for (const id of [queued.id, held.messageId]) {
    const outcome = await world.cancel({ actor: ACTOR, account: 'main', id })
    assert.ok(outcome.kind === 'cancelled')
    assert.equal(outcome.message.status, 'cancelled')
  }
  const entries = (await world.audit()).filter(entry => entry.action === 'messages.cancel')
  assert.deepEqual(
    entries.map(entry => entry.detail?.id),
    [queued.id, held.id],
  )
  world.policy = policyWith()
  await world.startWorker(t)
  const later = await world.accepted()
  await world.until(later.id, 'sent')
  assert.equal(world.port.orders.length, 1)
})

test('does not know what is not there', async t => {
  const world = await createWorld(t)
  const message = await world.accepted()
  assert.deepEqual(await world.cancel({ actor: ACTOR, account: 'main', id: 'obx_nothing' }), {
    kind: 'unknown',
  })
  assert.deepEqual(await world.cancel({ actor: ACTOR, account: 'other', id: message.id }), {
    kind: 'unknown',
  })
})

test('comes too late for what is on its way, sent or cancelled, and writes nothing', async t => {
  const world = await createWorld(t)
  const gate = Promise.withResolvers<SendOutcome>()
  world.port.script.push(gate.promise)
  const message = await world.accepted()
  await world.startWorker(t)
  await eventually(async () => (world.port.orders.length === 1 ? true : undefined), 'the attempt')
  const request = { actor: ACTOR, account: 'main', id: message.id }
  assert.deepEqual(await world.cancel(request), { kind: 'too-late', status: 'sending' })
  gate.resolve({ kind: 'acked', at: new Date() })
  await world.until(message.id, 'sent')
  assert.deepEqual(await world.cancel(request), { kind: 'too-late', status: 'sent' })
  assert.equal((await world.audit()).filter(entry => entry.action === 'messages.cancel').length, 0)
})
