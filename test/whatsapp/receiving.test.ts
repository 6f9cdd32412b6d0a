import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createHear } from '../../app/outbox/opt-out.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import { CONTACT, newMessageId, type Rig, route, startRig, text, until } from './rig.ts'

const WORDS = {
  keywords: { en: ['STOP'] },
  backKeywords: {},
  exceptPurposes: [],
  liftBy: 'operator',
} as const
const snapshot = { optOut: WORDS } as unknown as PolicySnapshot // all that hearing asks for
const hear = createHear({ policy: () => ({ revision: 'r1', snapshot }), route, now: () => new Date() })

describe('receiving', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig({ hear })
    await rig.link()
  })
  after(() => rig.stop())

  test('a text is stored with its event, under the number of who wrote it', async () => {
    const id = await rig.contactSays('hello there')
    const message = await until('the message', () => rig.store.messages.get('main', id))
    assert.equal(message.direction, 'in')
    assert.equal(message.status, 'received')
    assert.equal(message.chat, CONTACT)
    assert.equal(message.from, CONTACT)
    assert.deepEqual(message.content, { type: 'text', text: { body: 'hello there' } })
    const event = (await rig.events()).find(each => each.type === 'message.received')
    assert.equal(event?.data.message_id, id)
    assert.equal(event?.chat, CONTACT)
  })

  test('one delivered twice is one message and one event', async () => {
    await rig.phones.post('/faults', { kind: 'duplicate' })
    const id = await rig.contactSays('twice')
    await until('the message', () => rig.store.messages.get('main', id))
    const later = await rig.contactSays('later')
    await until('the next one', () => rig.store.messages.get('main', later))
    const events = (await rig.events()).filter(event => event.data.message_id === id)
    assert.equal(events.length, 1)
  })

  test('an opt-out is written down with the message that says it, once however often it comes', async () => {
    assert.equal((await rig.store.contacts.standing(CONTACT)).optedOutAt, undefined)
    await rig.phones.post('/faults', { kind: 'duplicate' })
    await rig.contactSays('Stop.')
    const standing = await until('the opt-out', async () => {
      const found = await rig.store.contacts.standing(CONTACT)
      return found.optedOutAt === undefined ? undefined : found
    })
    assert.ok(standing.optedOutAt !== undefined && Date.now() - standing.optedOutAt.getTime() < 60_000)
    const later = await rig.contactSays('I said stop')
    await until('the next one', () => rig.store.messages.get('main', later))
    const told = (await rig.events()).filter(({ type }) => type === 'contact.opted_out')
    assert.deepEqual(
      told.map(({ chat }) => chat),
      [CONTACT],
    )
  })

  test('what was sent while we were away arrives, in order', async () => {
    await rig.sessions.pause('main', { principal: 'ops' })
    const ids = [
      await rig.contactSays('first'),
      await rig.contactSays('second'),
      await rig.contactSays('third'),
    ]
    await rig.sessions.resume('main', { principal: 'ops' })
    await until('the last', () => rig.store.messages.get('main', ids.at(-1) ?? ''))
    const received = (await rig.events()).filter(event => ids.includes(String(event.data.message_id)))
    assert.deepEqual(
      received.map(event => event.data.message_id),
      ids,
    )
  })

  test('what is said while the waiting is still handed over comes behind it', async () => {
    await rig.sessions.pause('main', { principal: 'ops' })
    const ids: string[] = []
    for (let n = 1; n <= 60; n++) ids.push(await rig.contactSays(`waiting ${n}`))
    const resumed = rig.sessions.resume('main', { principal: 'ops' })
    for (let n = 1; n <= 60; n++) ids.push(await rig.contactSays(`live ${n}`))
    await resumed
    await until('the last', () => rig.store.messages.get('main', ids.at(-1) ?? ''))
    const received = (await rig.events()).filter(event => event.type === 'message.received')
    assert.deepEqual(
      received.map(event => event.data.message_id).filter(id => ids.includes(String(id))),
      ids,
    )
  })

  test('receipts advance a message one by one, each with its event', async () => {
    const messageId = newMessageId()
    await rig.send(CONTACT, text('for receipts'), messageId)
    const status = async () => (await rig.store.messages.get('main', messageId))?.status
    await until('delivered', async () => (await status()) === 'delivered' || undefined)
    await rig.phones.post(`/phones/${CONTACT}/read`, { message_ids: [messageId] })
    await until('read', async () => (await status()) === 'read' || undefined)
    const events = (await rig.events()).filter(event => event.data.message_id === messageId)
    assert.deepEqual(
      events.map(event => event.type),
      ['message.delivered', 'message.read'],
    )
    const timeline = (await rig.store.messages.get('main', messageId))?.timeline.map(step => step.status)
    assert.deepEqual(timeline, ['sending', 'sent', 'delivered', 'read'])
  })

  test('a receipt that overtakes the outbox waits until `sent` is recorded', async () => {
    const messageId = newMessageId()
    await rig.send(CONTACT, text('a slow disk'), messageId, 400)
    const message = await until('delivered', async () => {
      const stored = await rig.store.messages.get('main', messageId)
      return stored?.status === 'delivered' ? stored : undefined
    })
    assert.deepEqual(
      message.timeline.map(step => step.status),
      ['sending', 'sent', 'delivered'],
    )
  })
})
