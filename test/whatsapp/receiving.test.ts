import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CONTACT, newMessageId, OURS, type Rig, startRig, text, until } from './rig.ts'

describe('receiving', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig()
    await rig.link()
  })
  after(() => rig.stop())

  async function contactSays(body: string): Promise<string> {
    const sent = await rig.phones.post(`/phones/${CONTACT}/send`, { to: OURS, type: 'text', text: { body } })
    return String(sent.id)
  }

  test('a text is stored with its event, under the number of who wrote it', async () => {
    const id = await contactSays('hello there')
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
    const id = await contactSays('twice')
    await until('the message', () => rig.store.messages.get('main', id))
    const later = await contactSays('later')
    await until('the next one', () => rig.store.messages.get('main', later))
    const events = (await rig.events()).filter(event => event.data.message_id === id)
    assert.equal(events.length, 1)
  })

  test('what was sent while we were away arrives, in order', async () => {
    await rig.sessions.pause('main', { principal: 'ops' })
    const ids = [await contactSays('first'), await contactSays('second'), await contactSays('third')]
    await rig.sessions.resume('main', { principal: 'ops' })
    await until('the last', () => rig.store.messages.get('main', ids.at(-1) ?? ''))
    const received = (await rig.events()).filter(event => ids.includes(String(event.data.message_id)))
    assert.deepEqual(
      received.map(event => event.data.message_id),
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
})
