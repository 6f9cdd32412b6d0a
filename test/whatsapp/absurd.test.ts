import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { aesEncryptGCM, type BinaryNode, hmacSign, proto } from '@whiskeysockets/baileys'
import { BOB, journaled, ME, padded, stanzaOf } from './journaled.ts'

const { EPHEMERAL_SETTING, MESSAGE_EDIT, PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE, REVOKE } =
  proto.Message.ProtocolMessage.Type
const { PIN_FOR_ALL } = proto.Message.PinInChatMessage.Type
const GROUP = '120363000000000001@g.us'
const POLL = 'POLL'
const SECRET = randomBytes(32)
const FAR = 9e18
const UINT64 = '18446744073709551615'
const UINT32 = 0xffff_ffff
const SENT_AT = '2026-03-01T10:00:00.000Z'

/** What somebody may send, and the events that it must come to. */
type Case = {
  readonly name: string
  readonly node?: BinaryNode
  readonly message?: proto.IMessage
  readonly plaintext?: Uint8Array
  readonly want: readonly string[]
  /** What must be in the event. */
  readonly tells?: RegExp
}

/** Messages whose numbers are as wide as the wire lets them be, however TypeScript describes them. */
function wide(message: unknown): proto.IMessage {
  return message as proto.IMessage
}

function vote(senderTimestampMs: unknown): proto.IMessage {
  const salt = hmacSign(SECRET, new Uint8Array(32), 'sha256')
  const about = Buffer.concat([Buffer.from(`${POLL}${BOB}${BOB}Poll Vote`), Uint8Array.of(1)])
  const selectedOptions = [createHash('sha256').update('tea').digest()]
  const choice = proto.Message.PollVoteMessage.encode({ selectedOptions }).finish()
  const encIv = randomBytes(12)
  const encPayload = aesEncryptGCM(
    choice,
    hmacSign(about, salt, 'sha256'),
    encIv,
    Buffer.from(`${POLL}\u0000${BOB}`),
  )
  const pollCreationMessageKey = { id: POLL, remoteJid: BOB, fromMe: false }
  return wide({
    pollUpdateMessage: { pollCreationMessageKey, vote: { encPayload, encIv }, senderTimestampMs },
  })
}

function resent(messageTimestamp: unknown, id: string): proto.IMessage {
  const key = { remoteJid: BOB, id, fromMe: false }
  const info = { key, message: { conversation: 'resent' }, messageTimestamp } as proto.IWebMessageInfo
  const webMessageInfoBytes = proto.WebMessageInfo.encode(info).finish()
  const result = { placeholderMessageResendResponse: { webMessageInfoBytes } }
  return {
    protocolMessage: {
      type: PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: { peerDataOperationResult: [result] },
    },
  }
}

const TIMES = [undefined, '-1', '0', '9e18', '1e400', 'soon']
const gestures: readonly (readonly [string, proto.IMessage])[] = [
  ['message.received', { conversation: 'hi' }],
  [
    'message.edited',
    { protocolMessage: { key: { id: 'T' }, type: MESSAGE_EDIT, editedMessage: { conversation: 'x' } } },
  ],
  ['message.revoked', { protocolMessage: { key: { id: 'T' }, type: REVOKE } }],
  ['message.reaction', { reactionMessage: { key: { id: 'T' }, text: '👍' } }],
]
const member = { tag: 'participant', attrs: { jid: BOB } }

const cases: readonly Case[] = [
  ...[FAR, '9223372036854775807', -1, 0, Number.MAX_SAFE_INTEGER].map(at => ({
    name: `a vote at ${at}`,
    message: vote(at),
    want: ['poll.vote'],
    tells: /"options":\["tea"\]/,
  })),
  ...TIMES.flatMap(t => [
    ...gestures.map(([type, message]) => ({
      name: `${type} at ${t?.slice(0, 8)}`,
      node: stanzaOf(`${type}/${t}`.slice(0, 40), { t }),
      message,
      want: [type],
    })),
    {
      name: `a call at ${t?.slice(0, 8)}`,
      node: { ...stanzaOf('', { t }), tag: 'call', content: [offer(`call ${t}`.slice(0, 40))] },
      want: ['call.received'],
    },
    {
      name: `a change of a group at ${t?.slice(0, 8)}`,
      node: inGroup({ tag: 'add', attrs: {}, content: [member] }, { t, id: `add ${t}`.slice(0, 40) }),
      want: ['group.participants'],
    },
  ]),
  ...['-1', '9e99999', 'soon', '1.5'].map(expiration => ({
    name: `a group's timer of ${expiration}`,
    node: inGroup({ tag: 'ephemeral', attrs: { expiration } }, { id: `timer ${expiration}` }),
    want: ['group.updated'],
  })),
  ...[FAR, UINT64, 0].map(at => ({
    name: `a message of ${at} that the phone sends again`,
    node: stanzaOf(`AGAIN${at}`, { from: ME.id, recipient: '12025550100@s.whatsapp.net' }),
    message: resent(at, `RESENT${at}`),
    want: ['message.received'],
  })),
  {
    name: 'a file of impossible size and age',
    message: wide({
      imageMessage: {
        ...{ fileLength: UINT64, mediaKeyTimestamp: '9223372036854775807', height: UINT32, width: UINT32 },
        ...{ directPath: '/x', mediaKey: SECRET, fileSha256: SECRET, fileEncSha256: SECRET },
      },
    }),
    want: ['message.received'],
    tells: /"image":\{"id":"med_\w+","sha256":"\w+"\}/,
  },
  {
    name: 'a sound that lasts for ever',
    message: { audioMessage: { seconds: UINT32, fileLength: 0, ptt: true } },
    want: ['message.received'],
  },
  ...[Number.NaN, Number.POSITIVE_INFINITY, -1e308, 90.5].map(degreesLatitude => ({
    name: `a place at ${degreesLatitude}`,
    message: { locationMessage: { degreesLatitude, degreesLongitude: 0 } },
    want: ['message.received'],
    tells: /"unsupported":\{"kind":"location"\}/,
  })),
  {
    name: 'a place on the way at no longitude',
    message: { liveLocationMessage: { degreesLatitude: 0, degreesLongitude: Number.NaN } },
    want: ['message.received'],
    tells: /"unsupported":\{"kind":"liveLocation"\}/,
  },
  ...[FAR, -1, '-9223372036854775808', UINT64].flatMap(at => [
    {
      name: `a date at ${at}`,
      message: wide({ eventMessage: { name: 'Never', startTime: at, endTime: at } }),
      want: ['message.received'],
      tells: /"event":\{"name":"Never","cancelled":false\}/,
    },
    {
      name: `an invitation until ${at}`,
      message: wide({ groupInviteMessage: { groupJid: GROUP, inviteExpiration: at } }),
      want: ['message.received'],
    },
    {
      name: `something for ${at}`,
      message: wide({ productMessage: { product: { productId: '1', priceAmount1000: at } } }),
      want: ['message.received'],
    },
  ]),
  {
    name: 'an order of fewer than none',
    message: wide({ orderMessage: { itemCount: -2_147_483_648, totalAmount1000: UINT64 } }),
    want: ['message.received'],
  },
  {
    name: 'an album of too many',
    message: { albumMessage: { expectedImageCount: UINT32, expectedVideoCount: UINT32 } },
    want: ['message.received'],
  },
  {
    name: 'a poll of a thousand options, of which more may be chosen',
    message: {
      pollCreationMessage: {
        options: Array.from({ length: 1_000 }, () => ({ optionName: '' })),
        selectableOptionsCount: UINT32,
      },
    },
    want: ['message.received'],
  },
  {
    name: 'a timer of ages',
    message: { protocolMessage: { type: EPHEMERAL_SETTING, ephemeralExpiration: UINT32 } },
    want: ['message.received'],
  },
  {
    name: 'a text that stays for ages and has come from afar',
    message: {
      extendedTextMessage: { text: 'x', contextInfo: { expiration: UINT32, forwardingScore: UINT32 } },
    },
    want: ['message.received'],
  },
  {
    name: 'a pin for ages',
    message: {
      pinInChatMessage: { type: PIN_FOR_ALL },
      messageContextInfo: { messageAddOnDurationInSecs: UINT32 },
    },
    want: ['message.received'],
  },
  { name: 'a reaction at nothing', message: { reactionMessage: { text: '👍' } }, want: [] },
  { name: 'a vote about nothing', message: { pollUpdateMessage: { vote: {} } }, want: [] },
  ...[Buffer.alloc(0), Buffer.from([0xff, 1]), Buffer.from([9]), Buffer.from([0x0a, 0x7f, 1])].map(
    plaintext => ({
      name: `bytes that are no message (${plaintext.toString('hex')})`,
      plaintext,
      want: ['message.received'],
      tells: /"unsupported":\{"kind":"undecryptable"\}/,
    }),
  ),
]

function offer(callId: string): BinaryNode {
  return { tag: 'offer', attrs: { 'call-id': callId, 'call-creator': BOB } }
}

function inGroup(change: BinaryNode, attrs: Readonly<Record<string, string | undefined>>): BinaryNode {
  const about = { from: GROUP, type: 'w:gp2', participant: BOB, ...attrs }
  return { ...stanzaOf('', about), tag: 'notification', content: [change] }
}

test('whatever numbers somebody sends come to an event, and so does what follows', async (t: TestContext) => {
  const rig = await journaled(t)
  const pollCreationMessage = { name: 'Tea?', options: [{ optionName: 'tea' }], selectableOptionsCount: 1 }
  await rig.came(
    stanzaOf(POLL),
    padded({ pollCreationMessage, messageContextInfo: { messageSecret: SECRET } }),
  )
  await rig.settled()
  await rig.news()
  for (const [n, { name, node = stanzaOf(`M${n}`), message, plaintext, want, tells }] of cases.entries()) {
    await t.test(name, async () => {
      await rig.came(node, plaintext ?? (message && padded(message)))
      await rig.came(stanzaOf(`N${n}`), padded({ conversation: 'next' }))
      await rig.settled()
      const news = await rig.news()
      const next = news.pop()
      assert.equal(next?.data.message_id, `N${n}`)
      assert.deepEqual(
        news.map(({ type }) => type),
        want,
      )
      for (const { data } of news) {
        const text = JSON.stringify(data)
        if (tells !== undefined) assert.match(text, tells)
        assert.doesNotMatch(text, /null|NaN/)
        assert.equal(data.timestamp, SENT_AT)
      }
      assert.deepEqual(await rig.store.journal.unfinished('main'), [])
    })
  }
})
