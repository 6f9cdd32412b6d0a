import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { MessageRetryManager } from '@whiskeysockets/baileys'
import type { OutgoingContent } from '../../app/model/message.ts'
import { CONTACT, newMessageId, type Rig, startRig, text, until } from './rig.ts'

const MOST_ASKS = 5

describe('a message that a phone could not read and asks for again', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig({ timings: { ackMs: 1_000 } })
    await rig.link()
    await rig.send(CONTACT, text('opens the session'))
    await until('the session', async () => (await rig.phones.inbox(CONTACT)).length > 0)
  })
  after(() => rig.stop())

  /** How many times the phone has met a message that it has read before. */
  const repeats = async () => Number((await rig.phones.get('/stats')).repeats)
  const asks = async () => Number((await rig.phones.get('/stats')).retries)
  /** As the outbox does: until the server has it. */
  const send = (content: OutgoingContent, messageId: string) =>
    until('the ack', async () => (await rig.send(CONTACT, content, messageId)).kind === 'acked')
  const arrived = (id: string) =>
    until('the message', async () => (await rig.phones.inbox(CONTACT)).some(entry => entry.id === id))
  const nothingOwed = () =>
    until('nothing to be owed', async () => (await rig.store.journal.unfinished('main')).length === 0)

  test('goes again once, and the library has kept nothing of it in memory', async t => {
    const kept = t.mock.method(MessageRetryManager.prototype, 'addRecentMessage')
    const before = await repeats()
    await rig.phones.post('/faults', { kind: 'retry-receipt' })
    const messageId = newMessageId()
    await send(text('once more'), messageId)
    await arrived(messageId)
    await nothingOwed()
    assert.equal(await repeats(), before)
    assert.equal(kept.mock.callCount(), 0)
  })

  test('goes again as often as a phone asks', async () => {
    const before = await asks()
    await rig.phones.post('/faults', { kind: 'retry-receipt', count: MOST_ASKS })
    const messageId = newMessageId()
    await send(text('again and again'), messageId)
    await arrived(messageId)
    assert.equal(await asks(), before + MOST_ASKS)
    await nothingOwed()
  })

  test('goes again when what has to be asked before was refused', async () => {
    await rig.phones.post('/faults', { kind: 'query-overlimit' })
    await rig.phones.post('/faults', { kind: 'retry-receipt' })
    const messageId = newMessageId()
    await send(text('after a refused question'), messageId)
    await arrived(messageId)
    await nothingOwed()
  })

  test('goes again when it was refused the first time', async () => {
    await rig.phones.post('/faults', { kind: 'retry-receipt' })
    await rig.phones.post('/faults', { kind: 'rate-overlimit', after: 1 })
    const messageId = newMessageId()
    await send(text('after a refusal'), messageId)
    await arrived(messageId)
    await nothingOwed()
  })

  test('goes again after a restart in between', async () => {
    await rig.phones.post('/faults', { kind: 'retry-receipt' })
    await rig.phones.post('/faults', { kind: 'rate-overlimit', after: 1 })
    const before = await asks()
    const messageId = newMessageId()
    await send(text('over a restart'), messageId)
    await until('the phone to ask', async () => (await asks()) > before)
    await until('it to be owed', async () => (await rig.store.journal.unfinished('main')).length > 0)
    await rig.restart()
    await arrived(messageId)
    await nothingOwed()
  })
})
