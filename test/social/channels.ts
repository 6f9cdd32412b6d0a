import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CONTACT } from '../whatsapp/rig.ts'
import type { World } from './world.ts'

/** Channels of the account and of others. */
export function channelTests(running: () => World): void {
  let world: World
  let theirs: Record<string, unknown> = {}
  before(async () => {
    world = running()
    theirs = await world.rig.phones.post('/channels', { creator: CONTACT, name: 'Weather' })
    for (const body of ['Rain', 'Sun', 'Snow'])
      await world.rig.phones.post(`/channels/${theirs.id}/posts`, { type: 'text', text: { body } })
  })

  test('a channel is found by its link, followed, muted, read a page at a time and left', async () => {
    const link = encodeURIComponent(`https://whatsapp.com/channel/${theirs.invite}`)
    const found = await world.ask(`channels?invite=${link}`)
    assert.deepEqual([found.json.data[0].name, found.json.data[0].role], ['Weather', 'guest'])
    const { id } = found.json.data[0]
    assert.equal((await world.ask(`channels/${id}/follow`, { method: 'PUT', body: {} })).status, 200)
    assert.deepEqual(
      (await world.ask('channels')).json.data.map(channel => [channel.id, channel.role]),
      [[id, 'follower']],
    )
    const muted = await world.ask(`channels/${id}`, { method: 'PATCH', body: { muted: true } })
    assert.equal(muted.json.muted, true, muted.bytes.toString())
    const texts = ({ json }: { json: { data: unknown } }) =>
      (json.data as { text: { body: string } }[]).map(({ text }) => text.body)
    const first = await world.ask(`channels/${id}/messages?limit=2`)
    assert.deepEqual(texts(first), ['Snow', 'Sun'])
    const rest = await world.ask(`channels/${id}/messages?limit=2&before=${first.json.next}`)
    assert.deepEqual([texts(rest), rest.json.next], [['Rain'], null])
    assert.equal((await world.ask(`channels/${id}/follow`, { method: 'DELETE' })).status, 200)
    assert.deepEqual((await world.ask('channels')).json.data, [])
  })

  test('a channel is made, renamed and taken away; that of others is not', async () => {
    const made = await world.ask('channels', { body: { name: 'News', description: 'Of the day' } })
    assert.deepEqual([made.status, made.json.role, made.json.description], [201, 'owner', 'Of the day'])
    const body = { name: 'Old news' }
    const changed = await world.ask(`channels/${made.json.id}`, { method: 'PATCH', body })
    assert.equal(changed.json.name, 'Old news')
    const mine = await world.ask(`channels/${theirs.id}`, { method: 'PATCH', body })
    assert.equal(mine.json.code, 'whatsapp-refused')
    assert.equal((await world.ask(`channels/${made.json.id}`, { method: 'DELETE' })).status, 200)
    assert.equal((await world.ask(`channels/${made.json.id}`)).status, 404)
  })

  test('what is wrong with a request is told with its place', async () => {
    for (const [path, how, place] of [
      ['channels', { body: {} }, '$.name'],
      ['channels?invite=?', {}, 'invite'],
      [`channels/${theirs.id}/messages?before=x`, {}, 'before'],
      [`channels/${theirs.id}`, { method: 'PATCH', body: { name: '' } }, '$.name'],
    ] as const) {
      const { status, json } = await world.ask(path, how)
      assert.deepEqual([status, json.errors[0].path], [422, place])
    }
    assert.equal((await world.ask('channels/nothing')).json.code, 'invalid-recipient')
  })
}
