import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { EventType, JsonObject, PosternEvent } from '../../app/model/event.ts'
import { CONTACT, newMessageId, OURS, type Rig, startRig, text, until } from './rig.ts'

describe('what a contact does', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig()
    await rig.link()
  })
  after(() => rig.stop())

  async function says(type: string, member: unknown, from = CONTACT, to = OURS): Promise<string> {
    return String((await rig.phones.post(`/phones/${from}/send`, { to, type, [type]: member })).id)
  }

  function told(type: EventType, about: (data: JsonObject) => boolean): Promise<PosternEvent> {
    return until(type, async () =>
      (await rig.events()).find(event => event.type === type && about(event.data)),
    )
  }

  const contents: { type: string; member: unknown; want: unknown }[] = [
    {
      type: 'location',
      member: { latitude: 48.1, longitude: 11.5, name: 'Here' },
      want: { latitude: 48.1, longitude: 11.5, name: 'Here' },
    },
    {
      type: 'contacts',
      member: [
        { name: { formatted_name: 'Ann' }, phones: [{ phone: '+12025550177', wa_id: '12025550177' }] },
      ],
      want: [
        {
          name: { formatted_name: 'Ann' },
          phones: [{ phone: '+12025550177', wa_id: '12025550177' }],
          vcard: [
            'BEGIN:VCARD',
            'VERSION:3.0',
            'FN:Ann',
            'TEL;type=CELL;waid=12025550177:+12025550177',
            'END:VCARD',
          ].join('\n'),
        },
      ],
    },
    {
      type: 'poll',
      member: { name: 'Tea?', options: ['yes', 'no'], selectable_count: 1 },
      want: { name: 'Tea?', options: ['yes', 'no'], selectable_count: 1 },
    },
  ]
  for (const { type, member, want } of contents) {
    test(`a message of type ${type} comes with what it says`, async () => {
      const id = await says(type, member)
      const event = await told('message.received', data => data.message_id === id)
      assert.deepEqual([event.data.type, event.data.from, event.data.direction], [type, CONTACT, 'in'])
      assert.deepEqual(event.data[type], want)
    })
  }

  test('a reaction names the message and the emoji, and none when it is taken back', async () => {
    const messageId = newMessageId()
    await rig.send(CONTACT, text('nice?'), messageId)
    for (const emoji of ['👍', '']) {
      const id = await says('reaction', { message_id: messageId, emoji })
      const event = await told('message.reaction', data => data.message_id === id)
      assert.deepEqual(event.data.reaction, { message_id: messageId, emoji })
      assert.deepEqual([event.chat, event.data.from], [CONTACT, CONTACT])
    }
  })

  test('an edit changes the message and tells what it says now', async () => {
    const id = await says('text', { body: 'teh' })
    await says('edit', { message_id: id, body: 'the' })
    const event = await told('message.edited', data => data.message_id === id)
    assert.deepEqual([event.data.type, event.data.text], ['text', { body: 'the' }])
    const message = await rig.store.messages.get('main', id)
    assert.deepEqual(message?.content, { type: 'text', text: { body: 'the' } })
  })

  test('a message taken back is told by its id', async () => {
    const id = await says('text', { body: 'oops' })
    await says('revoke', { message_id: id })
    const event = await told('message.revoked', data => data.message_id === id)
    assert.deepEqual([event.data.from, event.data.revoke], [CONTACT, { message_id: id }])
  })

  test('a vote is decrypted with the secret of the poll', async () => {
    const poll = await says('poll', { name: 'Cake?', options: ['a', 'b', 'c'], selectable_count: 2 })
    const id = await says('vote', { message_id: poll, options: ['a', 'c'] })
    const event = await told('poll.vote', data => data.message_id === id)
    assert.deepEqual(event.data.vote, { message_id: poll, options: ['a', 'c'] })
    const received = await told('message.received', data => data.message_id === poll)
    assert.doesNotMatch(JSON.stringify(received), /secret/)
  })

  test('a call is told once, when it begins', async () => {
    const { call_id } = await rig.phones.post(`/phones/${CONTACT}/call`, { to: OURS, video: true })
    const event = await told('call.received', data => data.call_id === call_id)
    assert.deepEqual([event.data.from, event.data.chat, event.data.video], [CONTACT, CONTACT, true])
    await rig.phones.post(`/phones/${CONTACT}/call`, { to: OURS, event: 'terminate', call_id })
    const later = await says('text', { body: 'sorry' })
    await told('message.received', data => data.message_id === later)
    const calls = (await rig.events()).filter(each => each.data.call_id === call_id)
    assert.equal(calls.length, 1)
    const answers = (await rig.phones.inbox(CONTACT)).filter(entry =>
      JSON.stringify(entry).includes('reject'),
    )
    assert.deepEqual(answers, [], 'a call that nobody is to turn down')
  })

  test('what we write on the phone is ours, and told as sent from there', async () => {
    const id = await says('text', { body: 'from the phone' }, OURS, CONTACT)
    const event = await told('message.sent', data => data.message_id === id)
    assert.deepEqual(
      [event.data.origin, event.data.direction, event.data.from, event.data.to],
      ['phone', 'out', OURS, CONTACT],
    )
    const message = await rig.store.messages.get('main', id)
    // A receipt of the contact's may have followed already.
    const [first] = message?.timeline ?? []
    assert.deepEqual([first?.status, message?.chat, message?.direction], ['sent', CONTACT, 'out'])
  })

  test('a message that could not be read comes when its sender has sent it again', async () => {
    await rig.phones.post('/faults', { kind: 'unreadable' })
    const id = await says('text', { body: 'again' })
    const event = await told('message.received', data => data.message_id === id)
    assert.deepEqual(event.data.text, { body: 'again' })
    assert.equal((await rig.phones.get('/stats')).retries, 1)
    const events = (await rig.events()).filter(each => each.data.message_id === id)
    assert.equal(events.length, 1)
  })
})

test('a message whose content does not come in time is told as such, and again when it comes', async () => {
  const rig = await startRig({ timings: { unreadMs: 0 } })
  await rig.link()
  await rig.phones.post('/faults', { kind: 'unreadable' })
  const id = await rig.contactSays('late')
  const events = await until('both events', async () => {
    const told = (await rig.events()).filter(event => event.data.message_id === id)
    return told.length === 2 ? told : undefined
  })
  assert.deepEqual(
    events.map(({ type, data }) => [type, data.unsupported ?? data.text]),
    [
      ['message.received', { kind: 'undecryptable' }],
      ['message.received', { body: 'late' }],
    ],
  )
  const message = await rig.store.messages.get('main', id)
  assert.deepEqual(message?.content, { type: 'text', text: { body: 'late' } })
  assert.deepEqual(await rig.store.journal.unfinished('main'), [])
  await rig.stop()
})

test('a message that WhatsApp keeps from this device is told as such', async () => {
  const rig = await startRig({ timings: { unreadMs: 0 } })
  await rig.link()
  await rig.phones.post('/faults', { kind: 'withheld' })
  const id = await rig.contactSays('look once')
  const message = await until('the message', () => rig.store.messages.get('main', id))
  assert.deepEqual(message.content, { type: 'unsupported', unsupported: { kind: 'undecryptable' } })
  const later = await rig.contactSays('later')
  await until('the next one', () => rig.store.messages.get('main', later))
  const told = (await rig.events()).filter(event => event.data.message_id === id)
  assert.deepEqual(
    told.map(({ type, data }) => [type, data.unsupported]),
    [['message.received', { kind: 'undecryptable' }]],
  )
  assert.deepEqual(await rig.store.journal.unfinished('main'), [])
  await rig.stop()
})
