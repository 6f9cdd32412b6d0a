import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { newId } from '../../app/lib/ids.ts'
import type { Message } from '../../app/model/message.ts'
import { type RunningHttp, startHttp } from './running-http.ts'

const NOW = new Date()
const GROUP = '120363000000000001@g.us'
const CHANNEL = '120363000000000009@newsletter'
const CHAT = '+12025550142'
const MINUTE_MS = 60_000

let http: RunningHttp
before(async () => {
  http = await startHttp()
  const { snapshot } = http.policySwitch.current()
  http.setPolicy({
    limits: new Map(),
    edge: { ...snapshot.edge, limits: { ...snapshot.edge.limits, maxBodyBytes: 1024 * 1024 } },
  })
  for (const message of KNOWN) await http.store.messages.import([message])
})
after(() => http.stop())

function known(messageId: string, change: Partial<Message> = {}, minutesAgo = 1): Message {
  const at = new Date(NOW.getTime() - minutesAgo * MINUTE_MS)
  const status = change.status ?? (change.direction === 'in' ? 'received' : 'sent')
  return {
    ...{ id: newId('msg', at), account: 'main', direction: 'out', chat: CHAT, messageId },
    ...{ content: { type: 'text', text: { body: messageId } }, createdAt: at, attemptCount: 1 },
    timeline: [{ status, at }],
    ...change,
    status,
  }
}

const KNOWN: readonly Message[] = [
  known('OURS'),
  known('OLD', {}, 16),
  known('ANCIENT', {}, 61 * 60),
  known('FAILED', { status: 'failed' }),
  known('QUEUED', { status: 'queued' }),
  known('PLACE', { content: { type: 'location', location: { latitude: 1, longitude: 2 } } }),
  known('VOTES', {
    content: { type: 'poll', poll: { name: 'Tea?', options: ['yes', 'no'], selectable_count: 0 } },
  }),
  known('PICTURE', { content: { type: 'sticker', sticker: {} } }),
  known('THEIRS', { direction: 'in', from: CHAT }),
  known('ELSEWHERE', { chat: '+33612345678' }),
  known('MEMBERS', { direction: 'in', chat: GROUP, from: CHAT }),
  known('STATUS', { chat: 'status@broadcast', audience: [CHAT] }),
]

const send = (body: object, as = 'billing') =>
  http.ask({ path: '/v1/accounts/main/messages', as, body: { to: CHAT, ...body } })
const of = (type: string, member: unknown, more: object = {}) => ({ type, [type]: member, ...more })
const poll = (change: object) => of('poll', { name: 'Tea?', options: ['yes', 'no'], ...change })
const card = (change: object) => of('contacts', [{ name: { formatted_name: 'Ann' }, ...change }])
const many = (count: number) => Array.from({ length: count }, (_, n) => `+1202555${1000 + n}`)
const VCARD = 'BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nEND:VCARD'

describe('a message of a type that is sent', () => {
  const accepted: readonly [body: object, content: object][] = [
    [{ text: { body: '語'.repeat(65_536) } }, { type: 'text', text: { body: '語'.repeat(65_536) } }],
    [
      { ...of('text', { body: '@1' }), mentions: ['12025550143', '+12025550144', '98765@lid'] },
      { mentions: ['+12025550143', '+12025550144', '98765@lid'] },
    ],
    [of('location', { latitude: -90, longitude: 180 }), { location: { latitude: -90, longitude: 180 } }],
    [card({ vcard: VCARD }), { contacts: [{ name: { formatted_name: 'Ann' }, vcard: VCARD }] }],
    [poll({}), { poll: { name: 'Tea?', options: ['yes', 'no'], selectable_count: 0 } }],
    [of('reaction', { message_id: 'THEIRS', emoji: '❤' }), { type: 'reaction' }],
    [of('reaction', { message_id: 'OURS', emoji: '' }), { type: 'reaction' }],
    [of('edit', { message_id: 'OURS', body: 'new' }), { edit: { message_id: 'OURS', body: 'new' } }],
    [of('revoke', { message_id: 'OLD' }), { revoke: { message_id: 'OLD' } }],
    [of('revoke', { message_id: 'MEMBERS' }, { to: GROUP }), { revoke: { message_id: 'MEMBERS' } }],
    [of('pin', { message_id: 'THEIRS' }), { pin: { message_id: 'THEIRS', pinned: true } }],
    [
      of('forward', { message_id: 'THEIRS' }),
      {
        forward: {
          message_id: 'THEIRS',
          message: { type: 'text', text: { body: 'THEIRS' }, forwarding_score: 1 },
        },
      },
    ],
    [
      of('forward', { message_id: 'ELSEWHERE' }, { to: CHANNEL, recipient_type: 'channel' }),
      { forward: { message_id: 'ELSEWHERE', message: { type: 'text', text: { body: 'ELSEWHERE' } } } },
    ],
  ]
  for (const [body, content] of accepted) {
    test(`is kept as it was asked for: ${JSON.stringify(body).slice(0, 80)}`, async () => {
      const answer = await send(body)
      assert.equal(answer.status, 202, JSON.stringify(answer.json))
      const stored = await http.store.messages.get('main', answer.json.id)
      assert.partialDeepStrictEqual(stored?.content, content)
    })
  }

  test('has a secret of its own when it is a poll, which nobody is told', async () => {
    const { json } = await send(poll({}))
    const stored = await http.store.messages.get('main', json.id)
    assert.equal(Buffer.from(stored?.secret ?? '', 'base64').length, 32)
    const shown = await http.ask({ path: `/v1/accounts/main/messages/${json.id}`, as: 'billing' })
    assert.doesNotMatch(JSON.stringify(shown.json), /secret/)
  })

  test('goes to those whom a status names, and is taken back from those who were shown it', async () => {
    const status = await send({ to: 'status', text: { body: 'open' }, audience: ['12025550143', CHAT] })
    assert.equal(status.json.chat, 'status@broadcast')
    const stored = await http.store.messages.get('main', status.json.id)
    assert.deepEqual(stored?.audience, ['+12025550143', CHAT])
    const back = await send({ to: 'status@broadcast', ...of('revoke', { message_id: 'STATUS' }) })
    assert.deepEqual((await http.store.messages.get('main', back.json.id))?.audience, [CHAT])
  })
})

describe('a message that is published in a channel', () => {
  const publish = (body: unknown, how: { as?: string; channel?: string } = {}) => {
    const { as = 'billing', channel = CHANNEL } = how
    return http.ask({ path: `/v1/accounts/main/channels/${channel}/messages`, as, body })
  }

  test('is a message to it', async () => {
    const { status, json } = await publish({ ...poll({}), biz_opaque_callback_data: 'x' })
    assert.deepEqual([status, json.chat, json.to], [202, CHANNEL, CHANNEL])
    const stored = await http.store.messages.get('main', json.id)
    assert.deepEqual([stored?.content.type, stored?.callbackData], ['poll', 'x'])
  })

  test('is refused where a message would be, and where it names another', async () => {
    assert.equal((await publish({ text: { body: 'x' } }, { as: 'narrow' })).status, 403)
    const faults: readonly [body: unknown, path: string][] = [
      [{ text: { body: 'x' }, to: CHANNEL }, '$.to'],
      [of('location', { latitude: 0, longitude: 0 }), '$.type'],
      [of('text', { body: 'x' }, { mentions: [CHAT] }), '$.mentions'],
      [{}, '$.text'],
      [[], '$'],
    ]
    for (const [body, path] of faults) {
      const answer = await publish(body)
      assert.deepEqual([answer.status, answer.json.errors[0]?.path], [422, path], JSON.stringify(body))
    }
    assert.equal((await publish({ text: { body: 'x' } }, { channel: GROUP })).json.code, 'invalid-recipient')
  })
})

describe('a message that could not be what it says', () => {
  const refused: readonly [body: object, path: string, message: RegExp][] = [
    [of('text', { body: 'x'.repeat(65_537) }), '$.text.body', /at most 65536/],
    [of('text', { body: 'half \ud83d a pair' }), '$.text.body', /Unicode/],
    [poll({ options: ['a', 'b \udc00'] }), '$.poll.options[1]', /Unicode/],
    [of('text', { body: 'x' }, { mentions: many(10_000) }), '$.mentions', /more than 2000/],
    [of('text', { body: 'x' }, { mentions: many(1_025) }), '$.mentions', /at most 1024 items/],
    [of('text', { body: 'x' }, { mentions: [CHAT, '12\u0000@lid'] }), '$.mentions[1]', /phone number/],
    [of('text', { body: 'x' }, { mentions: [GROUP] }), '$.mentions[0]', /id of a person/],
    [of('text', { body: 'x' }, { context: { message_id: 'a\nb' } }), '$.context.message_id', /must match/],
    [of('text', { body: 'x' }, { audience: [CHAT] }), '$.audience', /for a status alone/],
    [of('location', { latitude: 90.1, longitude: 0 }), '$.location.latitude', /90 or less/],
    [of('location', { latitude: 0, longitude: -180.5 }), '$.location.longitude', /-180 or more/],
    [of('location', { latitude: '1', longitude: 0 }), '$.location.latitude', /must be a number/],
    [of('contacts', []), '$.contacts', /at least 1 item/],
    [card({ name: {} }), '$.contacts[0].name.formatted_name', /is missing/],
    [card({ vcard: 'FN:Ann' }), '$.contacts[0].vcard', /begin with BEGIN:VCARD/],
    [card({ vcard: VCARD.replace('FN:Ann', 'N:Ann;;;;') }), '$.contacts[0].vcard', /FN/],
    [card({ vcard: `${VCARD}\n${VCARD}` }), '$.contacts[0].vcard', /one card/],
    [card({ vcard: VCARD.replace('Ann', 'A\u0001nn') }), '$.contacts[0].vcard', /control characters/],
    [card({ vcard: VCARD.replace('FN:Ann', 'FN:Ann\n<html>') }), '$.contacts[0].vcard', /NAME:value/],
    [card({ birthday: '1999-02-31' }), '$.contacts[0].birthday', /calendar/],
    [card({ phones: [{ phone: '1', type: 'X:\nTEL' }] }), '$.contacts[0].phones[0].type', /must match/],
    [poll({ options: ['alone'] }), '$.poll.options', /at least 2/],
    [poll({ options: many(13) }), '$.poll.options', /at most 12/],
    [poll({ options: ['same', 'same'] }), '$.poll.options', /same item twice/],
    [poll({ selectable_count: 3 }), '$.poll.selectable_count', /at most 2/],
    [poll({ name: '' }), '$.poll.name', /must not be empty/],
    [of('reaction', { message_id: 'THEIRS', emoji: 'x' }), '$.reaction.emoji', /one emoji/],
    [of('reaction', { message_id: 'THEIRS', emoji: '👍👍' }), '$.reaction.emoji', /one emoji/],
    [
      of('reaction', { message_id: 'ELSEWHERE', emoji: '👍' }),
      '$.reaction.message_id',
      /no message of this chat/,
    ],
    [of('reaction', { message_id: 'FAILED', emoji: '👍' }), '$.reaction.message_id', /never sent/],
    [of('edit', { message_id: 'OLD', body: 'x' }), '$.edit.message_id', /15 minutes/],
    [of('edit', { message_id: 'THEIRS', body: 'x' }), '$.edit.message_id', /only its author/],
    [of('edit', { message_id: 'PLACE', body: 'x' }), '$.edit.message_id', /only words/],
    [of('edit', { message_id: 'QUEUED', body: 'x' }), '$.edit.message_id', /not been sent yet/],
    [of('edit', { message_id: 'OURS', body: '' }), '$.edit.body', /must not be empty/],
    [of('edit', { message_id: 'OURS', body: 'x' }, { mentions: [CHAT] }), '$.mentions', /type edit/],
    [of('revoke', { message_id: 'ANCIENT' }), '$.revoke.message_id', /60 hours/],
    [of('revoke', { message_id: 'THEIRS' }), '$.revoke.message_id', /only its author/],
    [of('pin', { message_id: 'OURS', seconds: 60 }), '$.pin.seconds', /must be/],
    [of('pin', { message_id: 'OURS', pinned: false, seconds: 86_400 }), '$.pin.seconds', /no use/],
    [of('forward', { message_id: 'VOTES' }), '$.forward.message_id', /type poll/],
    [of('forward', { message_id: 'PICTURE' }), '$.forward.message_id', /whose file is not known/],
    [
      of('forward', { message_id: 'PLACE' }, { to: CHANNEL }),
      '$.forward.message_id',
      /may not be sent there/,
    ],
    [of('forward', { message_id: 'NOBODYS' }), '$.forward.message_id', /still known/],
    [of('location', { latitude: 0, longitude: 0 }, { to: CHANNEL }), '$.type', /cannot be sent to a channel/],
    [of('image', { id: 'med_x' }, { to: CHANNEL }), '$.type', /to a channel: files go there in the clear/],
    [{ ...poll({}), to: 'status', audience: [CHAT] }, '$.type', /cannot be sent to a status/],
    [of('text', { body: 'x' }, { to: 'status' }), '$.audience', /is missing/],
    [of('text', { body: 'x' }, { to: 'status', audience: [GROUP] }), '$.audience[0]', /id of a person/],
    [of('text', { body: 'x' }, { to: 'status', audience: [CHAT], mentions: [CHAT] }), '$.mentions', /status/],
    [of('text', { body: 'x' }, { to: GROUP, recipient_type: 'channel' }), '$.recipient_type', /is a group/],
    [of('text', { body: 'x' }, { to: '12025550142@s.whatsapp.net\u0000' }), '$.to', /phone number/],
  ]
  for (const [body, path, message] of refused) {
    test(`is told at ${path}: ${JSON.stringify(body).slice(0, 70)}`, async () => {
      const answer = await send(body)
      assert.equal(answer.status, 422, JSON.stringify(answer.json))
      const error = answer.json.errors.find(one => one.path === path)
      assert.match(error?.message ?? JSON.stringify(answer.json.errors), message)
    })
  }

  test('is shown to nobody who has opted out', async () => {
    const audience = ['+12025550143', '+12025550188']
    const optOut = { contact: '+12025550188', to: 'opted-out', at: NOW, effects: {} } as const
    const stop = known('STOP', { direction: 'in', chat: '+12025550188', from: '+12025550188' })
    const arrival = { account: 'main', digest: Buffer.from('stop'), at: NOW, stanza: Buffer.from('stop') }
    const seq = (await http.store.journal.add(arrival)) ?? 0
    const change = { kind: 'message', message: stop, standing: optOut, effects: {} } as const
    await http.store.journal.record({ account: 'main', seq, changes: [change], kept: true, at: NOW })
    const answer = await send({ to: 'status', text: { body: 'open' }, audience })
    const why = 'audience[1]: The recipient has asked for no more messages.'
    assert.deepEqual([answer.status, answer.json.detail], [403, why])
  })
})

describe('what another message says', () => {
  test('is passed on by those alone who may read it there', async () => {
    const rules = http.policySwitch.current().snapshot.rules
    const reads = {
      id: 'reads',
      effect: 'allow',
      principals: ['narrow'],
      actions: ['messages.read'],
    } as const
    const sends = {
      id: 'sends',
      effect: 'allow',
      principals: ['narrow'],
      actions: ['messages.send'],
    } as const
    try {
      const theirs = { recipients: { prefixes: ['+33'] } }
      http.setPolicy({
        rules: [
          { ...sends, when: {} },
          { ...reads, when: theirs },
        ],
      })
      const hidden = await send(of('forward', { message_id: 'THEIRS' }), 'narrow')
      assert.match(JSON.stringify(hidden.json.errors), /no message of this account/)
      assert.equal((await send(of('forward', { message_id: 'ELSEWHERE' }), 'narrow')).status, 202)
      for (const effect of ['deny', 'hold'] as const) {
        const noWords = {
          ...{ id: 'no-words', effect, principals: ['narrow'], actions: ['messages.send'] },
          when: { messageTypes: ['text'] },
        } as const
        http.setPolicy({ rules: [{ ...sends, when: {} }, { ...reads, when: {} }, noWords] })
        const words = await send(of('forward', { message_id: 'ELSEWHERE' }), 'narrow')
        assert.match(JSON.stringify(words.json.errors), /may not be sent there/, effect)
      }
      assert.equal((await send(of('forward', { message_id: 'PLACE' }), 'narrow')).status, 202)
    } finally {
      http.setPolicy({ rules })
    }
  })

  test('is not told to those who may not write in the chat', async () => {
    const to = '+33612345678'
    const answers = ['ELSEWHERE', 'NOBODYS'].map(message_id =>
      send({ to, ...of('reaction', { message_id, emoji: '👍' }) }, 'narrow'),
    )
    assert.deepEqual(
      (await Promise.all(answers)).map(({ status }) => status),
      [403, 403],
    )
  })
})

test('a country can be closed: its numbers are refused with the rule’s words, however they are written', async () => {
  const { rules } = http.policySwitch.current().snapshot
  const allow = { id: 'all', effect: 'allow', principals: ['narrow'], actions: ['*'], when: {} } as const
  const recipients = { prefixes: ['+44'] }
  const closed = {
    ...allow,
    id: 'closed',
    effect: 'deny',
    when: { recipients },
    message: 'Not to there.',
  } as const
  try {
    http.setPolicy({ rules: [allow, closed] })
    for (const to of ['+447400123456', '447400123456', '447400123456@s.whatsapp.net']) {
      const { status, json } = await send(of('text', { body: 'x' }, { to }), 'narrow')
      assert.deepEqual([status, json.code, json.detail], [403, 'denied', 'Not to there.'], to)
      assert.match(json.decision, /^dec_/)
    }
    assert.equal((await send(of('text', { body: 'x' }, { to: '+33612345679' }), 'narrow')).status, 202)
  } finally {
    http.setPolicy({ rules })
  }
})

test('each type is governed by its name in the policy', async () => {
  const { rules } = http.policySwitch.current().snapshot
  const bodies: Readonly<Record<string, object>> = {
    text: of('text', { body: 'x' }),
    location: of('location', { latitude: 0, longitude: 0 }),
    contacts: card({}),
    poll: poll({}),
    reaction: of('reaction', { message_id: 'OURS', emoji: '👍' }),
    edit: of('edit', { message_id: 'OURS', body: 'x' }),
    revoke: of('revoke', { message_id: 'OURS' }),
    pin: of('pin', { message_id: 'OURS' }),
    forward: of('forward', { message_id: 'OURS' }),
  }
  const allow = { id: 'all', effect: 'allow', principals: ['narrow'], actions: ['*'], when: {} } as const
  try {
    for (const [type, body] of Object.entries(bodies)) {
      const deny = { ...allow, id: 'but', effect: 'deny', when: { messageTypes: [type] } } as const
      http.setPolicy({ rules: [allow, deny] })
      assert.equal((await send(body, 'narrow')).status, 403, type)
      http.setPolicy({ rules: [allow] })
      assert.equal((await send(body, 'narrow')).status, 202, type)
    }
  } finally {
    http.setPolicy({ rules })
  }
})
