import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { MESSAGE_SCHEMAS, type MessageType } from '../../../app/http/schemas/message.ts'
import { STATUS } from '../../../app/model/chat.ts'
import type { EventType, JsonObject } from '../../../app/model/event.ts'
import { type Message, mediaIn, type OutgoingContent } from '../../../app/model/message.ts'
import { canGoTo } from '../../../app/model/target.ts'
import { CONTACT, newMessageId, OURS, type Rig, startRig, text, until } from '../rig.ts'
import { contentOf, FILES, trustMediaHost, wantOf } from './files.ts'
import { RECEIVED } from './received.ts'
import { EVERYWHERE, type Ids, type Place, POLL, SENT } from './sent.ts'

const NOBODYS: Ids = { own: '', theirs: '' }

describe('every type', () => {
  let rig: Rig
  const chats: Record<Place, string> = { contact: CONTACT, group: '', channel: '', status: STATUS }
  before(async () => {
    rig = await startRig({ policy: { rejectCalls: true } })
    trustMediaHost(rig)
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

  test('each type is tried in each place that it can go to', () => {
    const tried = new Set(
      [...SENT, ...FILES].flatMap(row => {
        const type = 'type' in row ? row.type : row.content({ own: '', theirs: '' }).type
        return row.places.map(place => `${type} in a ${place}`)
      }),
    )
    const types = Object.keys(MESSAGE_SCHEMAS) as MessageType[]
    const possible = types.flatMap(type =>
      EVERYWHERE.filter(place => canGoTo(type, place)).map(place => `${type} in a ${place}`),
    )
    assert.deepEqual([...tried].sort(), possible.sort())
  })

  for (const place of EVERYWHERE) {
    test(`sent is what arrives, in a ${place}`, async t => {
      const ids = await idsIn(place)
      for (const { name, content, want, places } of SENT) {
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
      for (const row of FILES) {
        if (!row.places.includes(place)) continue
        await t.test(row.name, async () => {
          const messageId = newMessageId()
          const outcome = await rig.send(chats[place], await contentOf(row, rig), messageId)
          assert.equal(outcome.kind, 'acked', JSON.stringify(outcome))
          const { id: _, at: __, from, chat, ...said } = await arrived(place, messageId)
          assert.deepEqual(said, wantOf(row))
        })
      }
    })
  }

  test('the same bytes go to WhatsApp once for each type, however often they are sent', async () => {
    const [picture] = FILES
    if (picture === undefined) return assert.fail('there is no file')
    const places = []
    for (const type of ['image', 'image', 'document'] as const) {
      const content = await contentOf({ ...picture, type, about: {} }, rig)
      await rig.send(CONTACT, content)
      const item = await rig.library.get('main', mediaIn(content)?.id ?? '')
      places.push(item?.sent[type]?.directPath ?? assert.fail('it is nowhere'))
    }
    const [first, again, elsewhere] = places
    assert.equal(first, again)
    assert.notEqual(first, elsewhere)
  })

  /** What is told of a message, besides where it stands. */
  async function told(type: EventType, messageId: string): Promise<JsonObject> {
    const event = await until(`${type} of ${messageId}`, async () =>
      (await rig.events()).find(each => each.type === type && each.data.message_id === messageId),
    )
    return event.data
  }

  for (const place of EVERYWHERE) {
    test(`received is what is told, in a ${place}`, async t => {
      const ids = await idsIn(place)
      for (const row of RECEIVED) {
        if (!row.places.includes(place)) continue
        await t.test(row.name, async () => {
          const id = await says(place, row, ids)
          const subject = row.about?.(ids) ?? id
          const {
            message_id: _,
            timestamp,
            edited_at,
            id: __,
            to,
            ...data
          } = await told(row.event ?? 'message.received', subject)
          const chat = chats[place]
          const from = place === 'channel' ? chat : CONTACT
          assert.deepEqual(data, { chat, from, direction: 'in', ...row.want(ids) })
        })
      }
      for (const { name, places, ...file } of FILES) {
        if (places.includes(place)) await t.test(name, () => comes(place, file))
      }
    })
  }

  /** A file of the contact's is told with what it is, and is here byte for byte. */
  async function comes(place: Place, file: Omit<(typeof FILES)[number], 'name' | 'places'>): Promise<void> {
    const { type, bytes, mimeType, about, around } = file
    const member = { data: bytes.toString('base64'), mime_type: mimeType, ...about }
    const id = await says(place, { type, member: () => member, around: () => ({ ...around }) }, NOBODYS)
    const data = await told('message.received', id)
    const { id: mediaId, ...said } = data[type] as JsonObject
    const { width: _, height: __, ...shown } = about as Record<string, unknown>
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    assert.deepEqual(said, { mime_type: mimeType, sha256, size: bytes.length, ...shown })
    assert.deepEqual([data.from, data.chat], [CONTACT, chats[place]])
    assert.equal(data.view_once, around?.view_once)
    const kept = await until('the file', async () => {
      const item = await rig.library.get('main', String(mediaId))
      return item?.file === undefined ? undefined : { ...item, file: item.file }
    })
    assert.equal(kept.chat, chats[place])
    assert.deepEqual(Buffer.concat(await rig.library.open(kept.file).toArray()), bytes)
  }

  type Saying = Pick<(typeof RECEIVED)[number], 'type' | 'member' | 'around'>

  async function says(place: Place, row: Saying, ids: Ids): Promise<string> {
    const { type, member, around } = row
    if (place === 'channel') {
      const post = { type, [type]: member(ids) }
      return String((await rig.phones.post(`/channels/${chats.channel}/posts`, { ...post, by: OURS })).id)
    }
    const to = place === 'contact' ? OURS : chats[place]
    const shown = place === 'status' ? { audience: [OURS] } : {}
    const said = { to, type, [type]: member(ids), ...around?.(ids), ...shown }
    return String((await rig.phones.post(`/phones/${CONTACT}/send`, said)).id)
  }

  for (const place of ['contact', 'group'] as const) {
    test(`votes are told with how the poll stands, in a ${place}`, async () => {
      const { own } = await idsIn(place)
      const poll = { type: 'poll', poll: { ...POLL, selectable_count: 2 } } as const
      await rig.send(chats[place], poll, own.replace('3EB0', '3EBA'))
      const message_id = own.replace('3EB0', '3EBA')
      await arrived(place, message_id)
      const votes: [by: string, options: string[], counts: number[], voters: number][] = [
        [CONTACT, ['soup', 'both'], [1, 0, 1], 1],
        [CONTACT, ['salad'], [0, 1, 0], 1],
        [OURS, ['salad', 'both'], [0, 2, 1], 2],
        [CONTACT, [], [0, 1, 1], 1],
      ]
      for (const [by, options, counts, voters] of votes) {
        const { id } = await rig.phones.post(`/phones/${by}/vote`, { message_id, options })
        const data = await told('poll.vote', String(id))
        assert.deepEqual([data.from, data.vote], [by, { message_id, options }])
        assert.deepEqual(
          [data.results, data.voter_count],
          [POLL.options.map((option, n) => ({ option, count: counts[n] })), voters],
        )
      }
      const stored = await rig.store.messages.get('main', message_id)
      assert.deepEqual(stored?.votes?.map(({ voter, options }) => [voter, options]).sort(), [
        [OURS, ['salad', 'both']],
        [CONTACT, []],
      ])
    })
  }

  test('written on our own phone is told as ours', async t => {
    const { own } = await idsIn('contact')
    for (const row of RECEIVED) {
      if (!row.places.includes('contact') || row.ofContact) continue
      await t.test(row.name, async () => {
        const ids = { own, theirs: own }
        const said = { to: CONTACT, type: row.type, [row.type]: row.member(ids), ...row.around?.(ids) }
        const id = String((await rig.phones.post(`/phones/${OURS}/send`, said)).id)
        const event = row.event ?? 'message.sent'
        const { chat, from, to, direction, origin, ...data } = await told(event, row.about?.(ids) ?? id)
        assert.deepEqual([chat, from, to, direction], [CONTACT, OURS, CONTACT, 'out'])
        assert.equal(origin, event === 'message.sent' ? 'phone' : undefined)
        assert.partialDeepStrictEqual(data, row.want(ids))
      })
    }
  })

  test('the timer of a chat goes with what is sent in it', async () => {
    const lasting = async (place: Place) => {
      const messageId = newMessageId()
      await rig.send(chats[place], text('for a while'), messageId)
      return (await arrived(place, messageId)).ephemeral_seconds
    }
    const set = async (seconds: number) => {
      const said = { to: OURS, type: 'ephemeral', ephemeral: { seconds } }
      const { id } = await rig.phones.post(`/phones/${CONTACT}/send`, said)
      await told('message.received', String(id))
    }
    await set(604_800)
    assert.equal(await lasting('contact'), 604_800)
    await set(0)
    assert.equal(await lasting('contact'), undefined)
    await rig.phones.patch(`/groups/${chats.group}`, { ephemeral: 86_400 })
    assert.equal(await lasting('group'), 86_400)
    await rig.phones.patch(`/groups/${chats.group}`, { ephemeral: 0 })
    assert.equal(await lasting('group'), undefined)
  })

  test('a call is turned down where the policy wants that, and told all the same', async () => {
    const { call_id } = await rig.phones.post(`/phones/${CONTACT}/call`, { to: OURS })
    await until('the event', async () => (await rig.events()).find(({ data }) => data.call_id === call_id))
    const answer = await until('the answer', async () =>
      (await inbox()).find(entry => entry.type === 'call' && JSON.stringify(entry).includes(String(call_id))),
    )
    assert.match(JSON.stringify(answer), /reject/)
  })

  async function inbox(): Promise<readonly Record<string, unknown>[]> {
    return (await rig.phones.get(`/phones/${CONTACT}/inbox`)).data as Record<string, unknown>[]
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
