import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { IncomingMessage, RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { Client } from '@great-detail/whatsapp'
import { normalizeWebhook, verifySignature } from '@kapso/whatsapp-cloud-api/server'
import { Webhook } from 'standardwebhooks'
import { createHandshake } from '../../app/deliveries/handshake.ts'
import { type PostDeps, type Posted, post } from '../../app/deliveries/post.ts'
import { Secret } from '../../app/lib/secret.ts'
import type { EventType, JsonObject } from '../../app/model/event.ts'
import type { Endpoint } from '../../app/policy/snapshot.ts'
import { CONTACT_KEY, EVENT, endpointOf, SIGNING_SECRET } from '../deliveries/samples.ts'
import { certificate, egressTo, startServer } from '../egress/https-server.ts'

const APP_SECRET = '5f2c7d1e9a8b4c3d6e0f1a2b3c4d5e6f'
const TOKEN = 'a word between us'
const GROUP = '120363000000000001@g.us'
const SECRETS: Readonly<Record<string, string>> = {
  'secret:app': `${APP_SECRET}\n`,
  'secret:sign': SIGNING_SECRET,
  'secret:ca': certificate.ca,
  'secret:token': TOKEN,
}
const CLOUD = { format: 'cloud-api', secretRefs: ['secret:app'] } as const
const WHINSELF = { format: 'whinself' } as const

type Told = { readonly type?: EventType; readonly chat?: string; readonly data: JsonObject }
type Received = { readonly headers: IncomingMessage['headers']; readonly body: string }

const egress = egressTo('127.0.0.1')
const deps: PostDeps = {
  egress,
  readSecret: ref => new Secret(SECRETS[ref] ?? assert.fail(`no secret ${ref}`)),
  contactKey: CONTACT_KEY,
  revision: 'r3',
  now: () => new Date(),
  surroundings: async () => ({ phone: '+12025550100', name: 'Ana' }),
}

/** Posts an event to what a client has built, and answers what that client got. */
async function delivered(t: TestContext, told: Told, change: Partial<Endpoint>): Promise<Received> {
  const came: Received[] = []
  const { posted } = await posting(t, told, {
    change,
    listener: async (request, response) => {
      came.push({ headers: request.headers, body: await text(request) })
      response.end()
    },
  })
  assert.equal(posted.kind, 'answered')
  return came[0] ?? assert.fail('nothing came')
}

type Way = {
  readonly change: Partial<Endpoint>
  readonly listener: RequestListener
  readonly deps?: PostDeps
}

async function posting(t: TestContext, told: Told, { change, listener, deps: more = deps }: Way) {
  const server = await startServer(t, listener)
  const endpoint = endpointOf({ url: `https://hooks.test:${server.port}/in`, caRef: 'secret:ca', ...change })
  const ask = (): Promise<Posted> => post({ event: { ...EVENT, ...told }, attempt: 1 }, endpoint, more)
  return { server, ask, posted: await ask() }
}

const incoming = (more: JsonObject): JsonObject => ({ ...EVENT.data, type: 'text', ...more })
const outgoing = (more: JsonObject): JsonObject => ({
  ...{ message_id: '3EB0BB', id: 'obx_1', chat: '+15550100', from: '+12025550100', to: '+15550100' },
  ...{ direction: 'out', type: 'text', text: { body: 'hi' }, timestamp: '2026-11-23T10:00:00.000Z' },
  ...more,
})

const SHA256 = 'ab'.repeat(32)
const picture = {
  id: 'med_1',
  mime_type: 'image/png',
  sha256: SHA256,
  size: 70,
  caption: 'look',
  width: 3,
  height: 2,
}

type Case = readonly [name: string, told: Told, want: object]
const FROM = { from: '15550100', id: '3EB0AA', timestamp: '1795428000' }

const MESSAGES: readonly Case[] = [
  ['a text', { data: EVENT.data }, { ...FROM, type: 'text', text: { body: 'call me at noon' } }],
  [
    'an answer that was passed on',
    { data: incoming({ context: { message_id: '3EB0BB' }, forwarding_score: 1 }) },
    { ...FROM, context: { id: '3EB0BB', forwarded: true }, type: 'text', text: { body: 'call me at noon' } },
  ],
  [
    'a picture',
    { data: incoming({ type: 'image', image: picture }) },
    {
      ...{ ...FROM, type: 'image' },
      image: {
        ...{ id: 'med_1', mime_type: 'image/png', caption: 'look' },
        sha256: Buffer.from(SHA256, 'hex').toString('base64'),
      },
    },
  ],
  [
    'a word in a group',
    { chat: GROUP, data: incoming({ chat: GROUP }) },
    { ...FROM, group_id: GROUP, type: 'text', text: { body: 'call me at noon' } },
  ],
  [
    'a reaction',
    {
      type: 'message.reaction',
      data: incoming({ type: 'reaction', reaction: { message_id: '3EB0BB', emoji: '👍' } }),
    },
    { ...FROM, type: 'reaction', reaction: { message_id: '3EB0BB', emoji: '👍' } },
  ],
  [
    'a button that was pressed',
    {
      data: incoming({
        type: 'interactive',
        interactive: { type: 'button_reply', reply: { id: 'yes', title: 'Yes' } },
      }),
    },
    {
      ...FROM,
      type: 'interactive',
      interactive: { type: 'button_reply', button_reply: { id: 'yes', title: 'Yes' } },
    },
  ],
  [
    'a vote',
    { type: 'poll.vote', data: incoming({ type: 'vote', vote: { message_id: '3EB0BB', options: ['Yes'] } }) },
    {
      ...{ ...FROM, context: { id: '3EB0BB' }, type: 'interactive' },
      interactive: { type: 'button_reply', button_reply: { id: 'Yes', title: 'Yes' } },
    },
  ],
  [
    'a message taken back',
    { type: 'message.revoked', data: incoming({ type: 'revoke', revoke: { message_id: '3EB0AA' } }) },
    { ...FROM, type: 'revoke', revoke: { original_message_id: '3EB0AA' } },
  ],
  [
    'other words',
    { type: 'message.edited', data: EVENT.data },
    {
      ...{ ...FROM, type: 'edit' },
      edit: { original_message_id: '3EB0AA', message: { type: 'text', text: { body: 'call me at noon' } } },
    },
  ],
]

const STATUSES: readonly Case[] = [
  ['sent', { type: 'message.sent', data: outgoing({}) }, { status: 'sent' }],
  [
    'read, with what its sender wants back',
    { type: 'message.read', data: outgoing({ biz_opaque_callback_data: 'order 7' }) },
    { status: 'read', biz_opaque_callback_data: 'order 7' },
  ],
  [
    'delivered to one of a group',
    {
      type: 'message.delivered',
      chat: GROUP,
      data: outgoing({ chat: GROUP, to: GROUP, participant: '+15550101' }),
    },
    {
      ...{ status: 'delivered', recipient_id: GROUP, recipient_type: 'group' },
      recipient_participant_id: '15550101',
    },
  ],
  [
    'failed',
    {
      type: 'message.failed',
      data: outgoing({ error: { code: 'recipient.not_on_whatsapp', message: 'nobody' } }),
    },
    {
      status: 'failed',
      errors: [
        {
          ...{ code: 131026, title: 'Message undeliverable', message: 'Message undeliverable' },
          error_data: { details: 'nobody (recipient.not_on_whatsapp)' },
        },
      ],
    },
  ],
]

type Change = { field: string; value: Record<string, object> & { messages?: readonly [object] } }
const changeIn = (body: string): Change => JSON.parse(body).entry[0].changes[0]

describe('webhooks as Cloud API writes them', () => {
  test('are signed with the whole app secret, and name the account and who wrote', async t => {
    const { headers, body } = await delivered(t, { data: EVENT.data }, CLOUD)
    const signature = createHmac('sha256', APP_SECRET).update(body).digest('hex')
    assert.equal(headers['x-hub-signature-256'], `sha256=${signature}`)
    const { field, value } = changeIn(body)
    const metadata = { display_phone_number: '12025550100', phone_number_id: 'main' }
    assert.deepEqual([field, value.metadata], ['messages', metadata])
    assert.deepEqual(value.contacts, [{ profile: { name: 'Ana' }, wa_id: '15550100' }])
  })

  test('the helpers of two clients check their signature and read them', async t => {
    const { headers, body } = await delivered(t, { data: EVENT.data }, CLOUD)
    const signatureHeader = String(headers['x-hub-signature-256'])
    assert.ok(verifySignature({ appSecret: APP_SECRET, rawBody: body, signatureHeader }))
    assert.ok(
      !verifySignature({ appSecret: APP_SECRET, rawBody: body.replace('noon', 'nine'), signatureHeader }),
    )
    const { messages, contacts, phoneNumberId, displayPhoneNumber } = normalizeWebhook(JSON.parse(body))
    assert.deepEqual([phoneNumberId, displayPhoneNumber], ['main', '12025550100'])
    assert.deepEqual(contacts, [{ waId: '15550100', profile: { name: 'Ana' } }])
    assert.equal(messages[0]?.text?.body, 'call me at noon')

    const request = { method: 'POST', query: {}, body, headers: headers as Record<string, string> }
    const event = await new Client().webhook.eventNotification(request)
    await event.verifySignature(APP_SECRET)
    await assert.rejects(event.verifySignature('another'))
    assert.equal(event.eventNotification.entry[0]?.changes[0]?.field, 'messages')
  })

  for (const [name, told, want] of MESSAGES)
    test(`tell of ${name}`, async t => {
      const { body } = await delivered(t, told, CLOUD)
      assert.deepEqual(changeIn(body).value.messages, [want])
    })

  for (const [name, told, want] of STATUSES)
    test(`tell that a message is ${name}`, async t => {
      const { body } = await delivered(t, told, CLOUD)
      const common = { id: '3EB0BB', timestamp: FROM.timestamp, recipient_id: '15550100' }
      assert.deepEqual(changeIn(body).value.statuses, [{ ...common, ...want }])
    })

  test('tell what was written on the phone as echoes', async t => {
    const told = { type: 'message.sent', data: outgoing({ origin: 'phone' }) } as const
    const { field, value } = changeIn((await delivered(t, told, CLOUD)).body)
    const echo = {
      ...FROM,
      from: '12025550100',
      to: '15550100',
      id: '3EB0BB',
      type: 'text',
      text: { body: 'hi' },
    }
    assert.deepEqual([field, value.message_echoes], ['smb_message_echoes', [echo]])
  })

  test('say what they have no form for, and what is held back', async t => {
    for (const data of [incoming({ type: 'poll', poll: { name: 'Lunch?' } }), incoming({ text: null })]) {
      const [message] = changeIn((await delivered(t, { data }, CLOUD)).body).value.messages ?? []
      const { type, errors } = message as { type: string; errors: [{ code: number }] }
      assert.deepEqual([type, errors[0].code], ['unsupported', 131051])
    }
    const { body } = await delivered(
      t,
      { data: EVENT.data },
      { ...CLOUD, payload: { body: 'none', contact: 'hash' } },
    )
    for (const hidden of ['noon', '15550100', 'Ana']) assert.ok(!body.includes(hidden), hidden)
    assert.match(body, /hash:/)
  })

  test('begin once the endpoint gives the challenge back to who knows the token', async t => {
    const asked: string[] = []
    let knows = false
    const listener: RequestListener = async (request, response) => {
      asked.push(request.method ?? '')
      const query = Object.fromEntries(new URL(request.url ?? '', 'https://hooks.test').searchParams)
      if (request.method !== 'GET') return void response.end()
      const how = { method: 'GET', query, body: undefined, headers: request.headers }
      const { verifyToken, accept } = await new Client().webhook.register(how as never)
      response.end(knows && verifyToken === TOKEN ? accept() : 'no')
    }
    const way = { change: { ...CLOUD, verifyTokenRef: 'secret:token' }, listener }
    const remembering = { ...deps, handshake: createHandshake(deps) }
    const { posted, ask } = await posting(t, { data: EVENT.data }, { ...way, deps: remembering })
    assert.deepEqual(posted, {
      kind: 'unsent',
      reason: 'not verified: the endpoint did not give hub.challenge back',
    })
    knows = true
    assert.equal((await ask()).kind, 'answered')
    assert.equal((await ask()).kind, 'answered')
    assert.deepEqual(asked, ['GET', 'GET', 'POST', 'POST'])
  })
})

const WORDS: readonly Case[] = [
  ['text', { data: EVENT.data }, { conversation: 'call me at noon' }],
  [
    'text',
    { data: incoming({ context: { message_id: '3EB0BB' } }) },
    { extendedTextMessage: { text: 'call me at noon', contextInfo: { stanzaID: '3EB0BB' } } },
  ],
  [
    'media',
    { data: incoming({ type: 'image', image: picture }) },
    {
      imageMessage: {
        ...{ mediaID: 'med_1', caption: 'look', mimetype: 'image/png', fileLength: 70, width: 3, height: 2 },
        fileSHA256: Buffer.from(SHA256, 'hex').toString('base64'),
      },
    },
  ],
  [
    'media',
    { data: incoming({ type: 'location', location: { latitude: 1, longitude: 2, name: 'Here' } }) },
    { locationMessage: { degreesLatitude: 1, degreesLongitude: 2, name: 'Here' } },
  ],
  [
    'poll',
    {
      data: incoming({ type: 'poll', poll: { name: 'Lunch?', options: ['Yes', 'No'], selectable_count: 1 } }),
    },
    {
      pollCreationMessage: {
        ...{ name: 'Lunch?', selectableOptionsCount: 1 },
        options: [{ optionName: 'Yes' }, { optionName: 'No' }],
      },
    },
  ],
  [
    'reaction',
    {
      type: 'message.reaction',
      data: incoming({ type: 'reaction', reaction: { message_id: '3EB0BB', emoji: '👍' } }),
    },
    { reactionMessage: { key: { ID: '3EB0BB' }, text: '👍' } },
  ],
  [
    'text',
    { type: 'message.revoked', data: incoming({ type: 'revoke' }) },
    { protocolMessage: { type: 0, key: { ID: '3EB0AA' } } },
  ],
  [
    'text',
    { type: 'message.edited', data: EVENT.data },
    {
      protocolMessage: {
        type: 14,
        key: { ID: '3EB0AA' },
        editedMessage: { conversation: 'call me at noon' },
      },
    },
  ],
]

describe('webhooks as Whinself writes them', () => {
  for (const [type, told, want] of WORDS)
    test(`tell ${Object.keys(want)[0]}`, async t => {
      const { headers, body } = await delivered(t, told, WHINSELF)
      const { phone, event } = new Webhook(SIGNING_SECRET).verify(
        body,
        headers as Record<string, string>,
      ) as {
        phone: string
        event: { Info: Record<string, unknown>; Message: object }
      }
      assert.equal(phone, '12025550100')
      const { Type, MediaType: _, ...info } = event.Info
      assert.deepEqual([Type, event.Message], [type, want])
      assert.deepEqual(info, {
        ...{ Chat: '15550100@s.whatsapp.net', Sender: '15550100@s.whatsapp.net', IsFromMe: false },
        ...{ IsGroup: false, ID: '3EB0AA', PushName: 'Ana', Timestamp: '2026-11-23T10:00:00.000Z' },
      })
    })

  test('tell nothing of what the endpoint is not to be told', async t => {
    const payload = { body: 'none', contact: 'hash' } as const
    const { body } = await delivered(t, { data: EVENT.data }, { ...WHINSELF, payload })
    for (const hidden of ['noon', '15550100', 'Ana']) assert.ok(!body.includes(hidden), hidden)
    assert.deepEqual(JSON.parse(body).event.Message, {})
  })
})
