import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { STATUS } from '../../app/model/chat.ts'
import type { Message, OutgoingContent } from '../../app/model/message.ts'
import { CONTACT, newMessageId, OURS, type Rig, startRig, text, until } from './rig.ts'

const CARD = {
  name: { formatted_name: 'Carol; of "Tea, Ltd"', first_name: 'Carol' },
  phones: [{ phone: '+1 202 555 0103', wa_id: '12025550103', type: 'WORK' }],
  emails: [{ email: 'carol@example.com' }],
  org: { company: 'Tea, Ltd', title: 'Boss' },
  birthday: '1990-02-28',
}
const VCARD = [
  'BEGIN:VCARD',
  'VERSION:3.0',
  'N:;Carol;;;',
  'FN:Carol\\; of "Tea\\, Ltd"',
  'ORG:Tea\\, Ltd;',
  'TITLE:Boss',
  'TEL;type=WORK;waid=12025550103:+1 202 555 0103',
  'EMAIL:carol@example.com',
  'BDAY:1990-02-28',
  'END:VCARD',
].join('\n')
const SHOWN = { name: { formatted_name: CARD.name.formatted_name }, phones: CARD.phones, vcard: VCARD }
const POLL = { name: 'Lunch?', options: ['soup', 'salad', 'both'], selectable_count: 2 }
const ONE_OF = { ...POLL, selectable_count: 1 }

/** Ids of messages that the rows are about: one of ours, one of the contact's, in the chat of the moment. */
type Ids = { readonly own: string; readonly theirs: string }
type Place = 'contact' | 'group' | 'channel' | 'status'
type Row = {
  readonly name: string
  readonly content: (ids: Ids) => OutgoingContent
  /** The members of the inbox entry besides those that all have. */
  readonly want: (ids: Ids) => Readonly<Record<string, unknown>>
  readonly places: readonly Place[]
}

const CHATS = ['contact', 'group'] as const
const EVERYWHERE = ['contact', 'group', 'channel', 'status'] as const

const plain = (
  name: string,
  content: OutgoingContent,
  places: Row['places'] = CHATS,
  want: object = content,
): Row => {
  return { name, content: () => content, want: () => ({ ...want }), places }
}

const ROWS: readonly Row[] = [
  plain(
    'a text',
    { type: 'text', text: { body: 'Grüße, 你好 🙂\n“quoted” https://example.com/never-fetched' } },
    EVERYWHERE,
  ),
  plain(
    'a template',
    { type: 'template', template: { name: 'greeting', language: 'en', body: 'Hello Ann' } },
    EVERYWHERE,
    { type: 'text', text: { body: 'Hello Ann' } },
  ),
  plain('a mention', { type: 'text', text: { body: 'ask @12025550102' }, mentions: [CONTACT] }),
  plain('a location', {
    type: 'location',
    location: { latitude: 52.5, longitude: -13.25, name: 'Here', address: 'Street 1' },
  }),
  plain('a location at the edge', { type: 'location', location: { latitude: -90, longitude: 180 } }),
  plain('one contact', { type: 'contacts', contacts: [CARD] }, CHATS, {
    type: 'contacts',
    contacts: [SHOWN],
  }),
  plain('two contacts', { type: 'contacts', contacts: [CARD, { ...CARD, vcard: VCARD }] }, CHATS, {
    type: 'contacts',
    contacts: [SHOWN, SHOWN],
  }),
  plain('a poll', { type: 'poll', poll: POLL }, ['contact', 'group', 'channel']),
  plain('a poll with one answer', { type: 'poll', poll: ONE_OF }, ['contact', 'group', 'channel']),
  {
    name: 'a reply',
    content: ({ theirs }) => ({ ...text('an answer'), context: { message_id: theirs } }),
    want: ({ theirs }) => ({
      type: 'text',
      text: { body: 'an answer' },
      context: { message_id: theirs, from: CONTACT },
    }),
    places: CHATS,
  },
  ...['🎉', '❤', ''].map(
    (emoji): Row => ({
      name: `a reaction ${emoji || 'taken back'}`,
      content: ({ theirs }) => ({ type: 'reaction', reaction: { message_id: theirs, emoji } }),
      want: ({ theirs }) => ({ type: 'reaction', reaction: { message_id: theirs, emoji } }),
      places: CHATS,
    }),
  ),
  {
    name: 'a reaction at a message of ours',
    content: ({ own }) => ({ type: 'reaction', reaction: { message_id: own, emoji: '👍' } }),
    want: ({ own }) => ({ type: 'reaction', reaction: { message_id: own, emoji: '👍' } }),
    places: CHATS,
  },
  {
    name: 'an edit',
    content: ({ own }) => ({ type: 'edit', edit: { message_id: own, body: 'other words' } }),
    want: ({ own }) => ({ type: 'edit', edit: { message_id: own, body: 'other words' } }),
    places: CHATS,
  },
  {
    name: 'a pin',
    content: ({ theirs }) => ({ type: 'pin', pin: { message_id: theirs, pinned: true, seconds: 86_400 } }),
    want: ({ theirs }) => ({ type: 'pin', pin: { message_id: theirs, pinned: true, seconds: 86_400 } }),
    places: CHATS,
  },
  {
    name: 'the end of a pin',
    content: ({ theirs }) => ({ type: 'pin', pin: { message_id: theirs, pinned: false } }),
    want: ({ theirs }) => ({ type: 'pin', pin: { message_id: theirs, pinned: false } }),
    places: CHATS,
  },
  {
    name: 'a forward of what was received',
    content: ({ theirs }) => ({
      type: 'forward',
      forward: { message_id: theirs, message: { ...text('from Bob'), forwarding_score: 1 } as never },
    }),
    want: () => ({ type: 'text', text: { body: 'from Bob' }, forwarded: true }),
    places: ['contact', 'group', 'status'],
  },
  {
    name: 'a revocation',
    content: ({ own }) => ({ type: 'revoke', revoke: { message_id: own } }),
    want: ({ own }) => ({ type: 'revoke', revoke: { message_id: own } }),
    places: ['contact', 'group', 'status'],
  },
]

describe('what is sent of every type', () => {
  let rig: Rig
  const chats: Record<Place, string> = { contact: CONTACT, group: '', channel: '', status: STATUS }
  before(async () => {
    rig = await startRig()
    await rig.link()
    const group = { subject: 'Us', participants: [OURS, CONTACT], addressing: 'lid' }
    chats.group = String((await rig.phones.post('/groups', group)).id)
    chats.channel = String((await rig.phones.post('/channels', { creator: OURS, name: 'News' })).id)
  })
  after(() => rig.stop())

  /** What the contact has decrypted, or what stands in the channel. */
  async function arrived(place: Place, id: string): Promise<Record<string, unknown>> {
    const list = place === 'channel' ? `/channels/${chats.channel}/posts` : `/phones/${CONTACT}/inbox`
    return await until(`the message ${id}`, async () =>
      ((await rig.phones.get(list)).data as Record<string, unknown>[]).find(entry => entry.id === id),
    )
  }

  async function idsIn(place: Place): Promise<Ids> {
    const own = newMessageId()
    await rig.send(chats[place], text('by us'), own)
    await arrived(place, own)
    if (place !== 'contact' && place !== 'group') return { own, theirs: own }
    const to = place === 'contact' ? OURS : chats.group
    const said = { to, type: 'text', text: { body: 'from Bob' } }
    const theirs = String((await rig.phones.post(`/phones/${CONTACT}/send`, said)).id)
    await until('their message', () => rig.store.messages.get('main', theirs))
    return { own, theirs }
  }

  for (const place of EVERYWHERE) {
    test(`is what arrives, in a ${place}`, async t => {
      const ids = await idsIn(place)
      for (const { name, content, want, places } of ROWS) {
        if (!places.includes(place)) continue
        await t.test(name, async () => {
          const messageId = newMessageId()
          const outcome = await rig.send(chats[place], content(ids), messageId)
          assert.equal(outcome.kind, 'acked', JSON.stringify(outcome))
          const { id: _, at: __, from, chat, server_id, reactions, ...said } = await arrived(place, messageId)
          assert.deepEqual(said, want(ids))
          if (place === 'channel') return
          assert.deepEqual([from, chat], [OURS, place === 'contact' ? OURS : chats[place]])
        })
      }
    })
  }

  test('is refused where what it is about is too old by the time that it leaves', async () => {
    const { own } = await idsIn('contact')
    const at = new Date(Date.now() - 40 * 60_000)
    const old = { ...(await rig.store.messages.get('main', own)), messageId: newMessageId(), id: 'msg_old' }
    await rig.store.messages.import([
      { ...old, createdAt: at, timeline: [{ status: 'sent', at }] } as Message,
    ])
    const edit = (message_id: string) => ({ type: 'edit', edit: { message_id, body: 'x' } }) as const
    const refused = await rig.send(CONTACT, edit(old.messageId))
    assert.equal(refused.kind === 'refused' && refused.code, 'message.target_unfit')
    assert.equal((await rig.send(CONTACT, edit(own))).kind, 'acked')
  })

  test('breaks none of the rules of the wire, also when it goes twice', async () => {
    const { own } = await idsIn('contact')
    const twice: OutgoingContent[] = [
      { type: 'reaction', reaction: { message_id: own, emoji: '👍' } },
      { type: 'poll', poll: POLL },
      { type: 'edit', edit: { message_id: own, body: 'again' } },
    ]
    for (const content of twice) {
      const messageId = newMessageId()
      await rig.send(CONTACT, content, messageId)
      const stored = await rig.store.messages.get('main', messageId)
      assert.ok(stored)
      const order = { ...stored, content }
      assert.equal((await rig.sessions.send(order)).kind, 'acked')
      await arrived('contact', messageId)
    }
    const stats = await rig.phones.get('/stats')
    assert.deepEqual([stats.violations, stats.unanswered], [0, []], JSON.stringify(stats.last_violations))
  })
})
