import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { EventType, JsonObject, PosternEvent } from '../../app/model/event.ts'
import { CONTACT, newMessageId, OURS, type Rig, startRig, text, until } from './rig.ts'

const THIRD = '+12025550103'

for (const addressing of ['pn', 'lid']) {
  describe(`a group addressed by ${addressing}`, () => {
    let rig: Rig
    let group = ''
    before(async () => {
      rig = await startRig()
      await rig.link()
      await rig.phones.post('/phones', { number: THIRD, name: 'Carol' })
      const made = { subject: 'Tea', participants: [OURS], creator: CONTACT, addressing }
      group = String((await rig.phones.post('/groups', made)).id)
    })
    after(() => rig.stop())

    function told(type: EventType, about: (data: JsonObject) => boolean): Promise<PosternEvent> {
      return until(type, async () =>
        (await rig.events()).find(event => event.type === type && event.chat === group && about(event.data)),
      )
    }

    test('tells that it was made', async () => {
      const { data } = await told('group.updated', about => about.change === 'create')
      assert.deepEqual([data.group, data.subject, data.from], [group, 'Tea', CONTACT])
    })

    test('tells who comes, gets rights and goes, and by whom', async () => {
      const members = `/groups/${group}/participants`
      for (const action of ['add', 'promote', 'demote', 'remove']) {
        await rig.phones.post(members, { action, participants: [THIRD] })
        const { data } = await told('group.participants', about => about.action === action)
        assert.deepEqual([data.participants, data.from], [[THIRD], CONTACT])
      }
    })

    test('tells who leaves', async () => {
      await rig.phones.post(`/groups/${group}/participants`, { action: 'add', participants: [THIRD] })
      await rig.phones.post(`/phones/${THIRD}/leave`, { group })
      const { data } = await told('group.participants', about => about.action === 'leave')
      assert.deepEqual(data.participants, [THIRD])
    })

    test('tells its settings as they change', async () => {
      const settings: [string, string, JsonObject][] = [
        ['subject', 'Coffee', { change: 'subject', subject: 'Coffee' }],
        ['description', 'Every day', { change: 'description', description: 'Every day' }],
      ]
      for (const [setting, value, want] of settings) {
        await rig.phones.patch(`/groups/${group}`, { [setting]: value })
        const { data } = await told('group.updated', about => about.change === want.change)
        assert.equal(data[setting], want[setting])
      }
      await rig.phones.patch(`/groups/${group}`, { announcement: true })
      const { data } = await told('group.updated', about => about.announcement === true)
      assert.equal(data.change, 'announcement')
      await rig.phones.patch(`/groups/${group}`, { announcement: false })
      await told('group.updated', about => about.announcement === false)
    })

    test('its messages come with their author, in the chat of the group', async () => {
      await rig.phones.post(`/groups/${group}/participants`, { action: 'add', participants: [THIRD] })
      for (const author of [CONTACT, THIRD]) {
        const message = { to: group, type: 'text', text: { body: 'all' } }
        const { id } = await rig.phones.post(`/phones/${author}/send`, message)
        const { data, chat } = await told('message.received', about => about.message_id === id)
        assert.deepEqual([chat, data.from, data.text], [group, author, { body: 'all' }])
      }
    })

    test('a message of ours has a receipt of each participant', async () => {
      const messageId = newMessageId()
      await rig.send(group, text('to all'), messageId)
      for (const participant of [CONTACT, THIRD]) {
        await told(
          'message.delivered',
          about => about.message_id === messageId && about.participant === participant,
        )
      }
      await rig.phones.post(`/phones/${THIRD}/read`, { message_ids: [messageId] })
      await told('message.read', about => about.message_id === messageId && about.participant === THIRD)
      const message = await rig.store.messages.get('main', messageId)
      const receipts = (message?.receipts ?? []).map(({ participant, status }) => [participant, status])
      assert.deepEqual(receipts.sort(), [
        [CONTACT, 'delivered'],
        [THIRD, 'read'],
      ])
      const events = (await rig.events()).filter(event => event.data.message_id === messageId)
      assert.equal(events.length, 3)
    })
  })
}
