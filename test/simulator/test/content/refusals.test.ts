import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions } from '../../options.ts'
import { CONTACT, MAIN, Rig, tempDir } from '../rig.ts'

type Row = {
  readonly type: string
  readonly member: unknown
  readonly around?: object
  readonly want: RegExp
}

const ROWS: readonly Row[] = [
  { type: 'image', member: {}, want: /^400 `image` must have either data \(base64\) or size/ },
  { type: 'image', member: { data: '?' }, want: /^400 `image.data` must be bytes in base64$/ },
  {
    type: 'image',
    member: { size: 10, seconds: 2 },
    want: /^400 `image.seconds` is not a member here; known: data/,
  },
  { type: 'audio', member: { size: 1e9 }, want: /^400 `audio.size` must be at most/ },
  { type: 'location', member: { latitude: '52' }, want: /^400 `location.latitude` must be a number$/ },
  { type: 'contacts', member: [], want: /^400 `contacts` must be a list of one or more$/ },
  { type: 'contacts', member: [{ name: {} }], want: /^400 `contacts\[0\].name.formatted_name` must be/ },
  { type: 'poll', member: { name: 'x', options: ['a'] }, want: /^400 `poll.options` must be two or more$/ },
  { type: 'vote', member: { message_id: 'NONE', options: [] }, want: /^400 the phone has no message NONE$/ },
  {
    type: 'reaction',
    member: { message_id: 'NONE', emoji: '' },
    want: /^400 the phone has no message NONE$/,
  },
  { type: 'forward', member: { message_id: 'NONE' }, want: /^400 the phone has no message NONE$/ },
  { type: 'toString', member: {}, want: /^400 `type` must be one of text, image, / },
  { type: 'text', member: { body: 'x' }, around: { context: {} }, want: /^400 `context.message_id` must be/ },
  { type: 'text', member: { body: 'x' }, around: { mentions: MAIN }, want: /^400 `mentions` must be a list/ },
]

test('says in one sentence what is wrong with a message of any type, and sends none', async t => {
  const rig = await Rig.start(t)
  for (const number of [MAIN, CONTACT]) await rig.ask('POST', '/phones', { number })
  for (const { type, member, around, want } of ROWS) {
    const body = { to: MAIN, type, [type]: member, ...around }
    const sent = rig.ask('POST', `/phones/${CONTACT}/send`, body)
    await assert.rejects(sent, { message: want }, JSON.stringify(body))
  }
  assert.deepEqual(await rig.sent(CONTACT), [])
  assert.equal((await rig.inbox(MAIN)).length, 0)
})

test('lets nobody edit what another wrote, or vote for what a poll does not offer', async t => {
  const rig = await Rig.start(t)
  for (const number of [MAIN, CONTACT]) await rig.ask('POST', '/phones', { number })
  const poll = { name: 'Lunch?', options: ['soup', 'salad'] }
  const { id } = await rig.ask<{ id: string }>('POST', `/phones/${MAIN}/send`, {
    to: CONTACT,
    type: 'poll',
    poll,
  })
  await rig.inboxOf(CONTACT, 1)
  const say = (type: string, member: object) =>
    rig.ask('POST', `/phones/${CONTACT}/send`, { to: MAIN, type, [type]: member })
  await assert.rejects(
    say('edit', { message_id: id, body: 'mine' }),
    /400 message \w+ is not this phone's own/,
  )
  await assert.rejects(
    say('vote', { message_id: id, options: ['pizza'] }),
    /400 the poll \w+ has no option pizza/,
  )
  await say('vote', { message_id: id, options: ['soup'] })
  const own = await rig.send(CONTACT, MAIN, 'before')
  await say('edit', { message_id: own, body: 'after' })
  await rig.eventually(async () => (await rig.inbox(MAIN)).map(({ type }) => type), ['vote', 'text', 'edit'])
  assert.deepEqual(await rig.violations(), [])
})

test('the media host keeps its port, its CA and its files over a restart', async t => {
  const rig = await Rig.start(t, { stateDir: tempDir(t) })
  for (const number of [MAIN, CONTACT]) await rig.ask('POST', '/phones', { number })
  const document = { size: 1_000, filename: 'kept.bin' }
  const body = { to: MAIN, type: 'document', document }
  const { id } = await rig.ask<{ id: string }>('POST', `/phones/${CONTACT}/send`, body)
  await rig.inboxOf(MAIN, 1)
  const file = () => rig.ask<{ sha256: string }>('GET', `/phones/${MAIN}/media/${id}`)
  const before = { ...(await file()), media: rig.simulator.media, ca: rig.simulator.mediaCa }
  await rig.restart()
  assert.deepEqual({ ...(await file()), media: rig.simulator.media, ca: rig.simulator.mediaCa }, before)
})

test('reads what the media host is to be called and where it listens', () => {
  const { mediaPort, mediaName } = readOptions(['--media-port', '7074', '--media-name', 'simulator'])
  assert.deepEqual([mediaPort, mediaName], [7074, 'simulator'])
  assert.throws(() => readOptions(['--media-port', 'x']), /--media-port must be a whole number, got x/)
})
