import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../app/model/message.ts'
import { ALICE, BOB, createWorld, policyWith, rule, type World } from './world.ts'

const HOLD_FIRST = rule({ id: 'first-needs-a-human', effect: 'hold', when: { firstContact: true } })

async function fromContact(world: World, chat: string, at: Date): Promise<void> {
  const message: Message = {
    id: `msg_${chat}`,
    account: 'main',
    direction: 'in',
    chat,
    messageId: `IN${chat}`,
    status: 'received',
    content: { type: 'text', text: { body: 'hi' } },
    from: chat,
    createdAt: at,
    attemptCount: 0,
    timeline: [{ status: 'received', at }],
  }
  assert.equal(await world.store.messages.receive(message, {}), 'stored')
}

test('holds the first message to somebody, and none once they have written', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([HOLD_FIRST])
  await fromContact(world, BOB, world.now())
  assert.equal((await world.accepted({ to: ALICE })).status, 'held')
  assert.equal((await world.accepted({ to: BOB })).status, 'queued')
})

test('is acquainted with whom a message was sent to, not with whom one waits for or failed', async t => {
  const world = await createWorld(t)
  await world.startWorker(t)
  const sent = await world.accepted({ to: ALICE })
  await world.until(sent.id, 'sent')
  world.port.script.push({ kind: 'refused', code: 'whatsapp.463', reason: 'no' })
  const failed = await world.accepted({ to: BOB })
  await world.until(failed.id, 'failed')
  world.policy = policyWith([HOLD_FIRST])
  assert.equal((await world.accepted({ to: ALICE })).status, 'queued')
  assert.equal((await world.accepted({ to: BOB })).status, 'held')
})

test('knows when a contact last wrote, to that account and in that chat alone', async t => {
  const world = await createWorld(t)
  const at = new Date('2026-11-23T10:00:00Z')
  await fromContact(world, ALICE, at)
  const { messages } = world.store
  assert.deepEqual(await messages.acquaintance('main', ALICE), { firstContact: false, lastInboundAt: at })
  const stranger = { firstContact: true, lastInboundAt: 'never' }
  assert.deepEqual(await messages.acquaintance('main', BOB), stranger)
  assert.deepEqual(await messages.acquaintance('second', ALICE), stranger)
})
