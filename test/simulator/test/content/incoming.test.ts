import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { normalizeMessageContent, proto } from '@whiskeysockets/baileys'
import { jid, MAIN } from '../rig.ts'
import { Chat } from './chat.ts'

const FILE = randomBytes(30_001)
const data = FILE.toString('base64')
const THUMBNAIL = randomBytes(200)
const thumbnail = THUMBNAIL.toString('base64')
const CARD = 'BEGIN:VCARD\nVERSION:3.0\nFN:Carol\nTEL;type=CELL;waid=12025550103:+1 202 555 0103\nEND:VCARD'
const carol = {
  name: { formatted_name: 'Carol' },
  phones: [{ phone: '+1 202 555 0103', wa_id: '12025550103' }],
}

type Row = {
  readonly type: string
  readonly name?: string
  readonly member: unknown
  readonly around?: object
  /** What the account's Baileys must find in the message, besides what belongs to a file. */
  readonly want: proto.IMessage
  readonly hasFile?: boolean
}

const ROWS: readonly Row[] = [
  { type: 'text', member: { body: 'Grüße 👋\n' }, want: { conversation: 'Grüße 👋\n' } },
  {
    type: 'text',
    name: 'a link preview',
    member: {
      body: 'see https://example.com/a',
      preview: { title: 'Example', description: 'A page', thumbnail },
    },
    want: {
      extendedTextMessage: {
        ...{ text: 'see https://example.com/a', matchedText: 'https://example.com/a', title: 'Example' },
        ...{ description: 'A page', jpegThumbnail: THUMBNAIL, previewType: 0 },
      },
    },
  },
  {
    type: 'text',
    name: 'a mention',
    member: { body: 'ask @12025550100' },
    around: { mentions: [`+${MAIN}`] },
    want: { extendedTextMessage: { text: 'ask @12025550100', contextInfo: { mentionedJid: [jid(MAIN)] } } },
  },
  {
    type: 'image',
    member: { data, caption: 'the sea', width: 640, height: 480, thumbnail },
    want: {
      imageMessage: {
        ...{ mimetype: 'image/jpeg', caption: 'the sea', width: 640, height: 480 },
        jpegThumbnail: THUMBNAIL,
      },
    },
    hasFile: true,
  },
  {
    type: 'image',
    name: 'an image that may be seen once',
    member: { data },
    around: { view_once: true },
    want: { imageMessage: { mimetype: 'image/jpeg' } },
    hasFile: true,
  },
  {
    type: 'video',
    member: { data, seconds: 7, caption: 'waves' },
    want: { videoMessage: { mimetype: 'video/mp4', seconds: 7, caption: 'waves' } },
    hasFile: true,
  },
  {
    type: 'video',
    name: 'a GIF',
    member: { data, gif: true },
    want: { videoMessage: { mimetype: 'video/mp4', gifPlayback: true } },
    hasFile: true,
  },
  {
    type: 'video',
    name: 'a video note',
    member: { data, note: true },
    want: { ptvMessage: { mimetype: 'video/mp4' } },
    hasFile: true,
  },
  {
    type: 'audio',
    member: { data, mime_type: 'audio/mp4', seconds: 61 },
    want: { audioMessage: { mimetype: 'audio/mp4', seconds: 61 } },
    hasFile: true,
  },
  {
    type: 'audio',
    name: 'a voice note',
    member: { data, voice: true, seconds: 3, waveform: 'AAxjKA==' },
    want: {
      audioMessage: {
        ...{ mimetype: 'audio/ogg; codecs=opus', ptt: true, seconds: 3 },
        waveform: Buffer.from('AAxjKA==', 'base64'),
      },
    },
    hasFile: true,
  },
  {
    type: 'document',
    member: { data, filename: 'prices.csv', mime_type: 'text/csv', caption: 'as promised', pages: 2 },
    want: {
      documentMessage: {
        ...{ mimetype: 'text/csv', fileName: 'prices.csv', title: 'prices.csv', caption: 'as promised' },
        pageCount: 2,
      },
    },
    hasFile: true,
  },
  {
    type: 'sticker',
    member: { data, animated: true, width: 512, height: 512 },
    want: { stickerMessage: { mimetype: 'image/webp', isAnimated: true, width: 512, height: 512 } },
    hasFile: true,
  },
  {
    type: 'location',
    member: { latitude: 52.5, longitude: -13.25, name: 'Here', address: 'Street 1' },
    want: {
      locationMessage: { degreesLatitude: 52.5, degreesLongitude: -13.25, name: 'Here', address: 'Street 1' },
    },
  },
  {
    type: 'live_location',
    member: { latitude: 52.5, longitude: -13.25, accuracy: 5, speed: 1.5, heading: 90, sequence: 3 },
    want: {
      liveLocationMessage: {
        ...{ degreesLatitude: 52.5, degreesLongitude: -13.25, accuracyInMeters: 5, speedInMps: 1.5 },
        ...{ degreesClockwiseFromMagneticNorth: 90, sequenceNumber: 3 },
      },
    },
  },
  {
    type: 'contacts',
    name: 'one contact',
    member: [carol],
    want: { contactMessage: { displayName: 'Carol', vcard: CARD } },
  },
  {
    type: 'contacts',
    name: 'two contacts',
    member: [carol, { name: { formatted_name: 'Dan' }, vcard: 'BEGIN:VCARD\nEND:VCARD' }],
    want: {
      contactsArrayMessage: {
        displayName: '2 contacts',
        contacts: [
          { displayName: 'Carol', vcard: CARD },
          { displayName: 'Dan', vcard: 'BEGIN:VCARD\nEND:VCARD' },
        ],
      },
    },
  },
  {
    type: 'poll',
    member: { name: 'Lunch?', options: ['soup', 'salad'], selectable_count: 2 },
    want: {
      pollCreationMessage: {
        name: 'Lunch?',
        options: [{ optionName: 'soup' }, { optionName: 'salad' }],
        selectableOptionsCount: 2,
      },
    },
  },
  {
    type: 'ephemeral',
    member: { seconds: 604_800 },
    want: {
      protocolMessage: {
        type: proto.Message.ProtocolMessage.Type.EPHEMERAL_SETTING,
        ephemeralExpiration: 604_800,
      },
    },
  },
]
const OF_A_FILE = [
  'url',
  'directPath',
  'mediaKey',
  'fileSha256',
  'fileEncSha256',
  'fileLength',
  'mediaKeyTimestamp',
]

test('what a phone sends of every type is what an unmodified Baileys decrypts', async t => {
  const chat = await Chat.start(t)
  for (const { type, name = type, member, around, want, hasFile } of ROWS) {
    await t.test(name, async () => {
      const received = await chat.receive(type, member, around)
      const { messageContextInfo: _, ...said } = normalizeMessageContent(received.message ?? {}) ?? {}
      assert.deepEqual(plain(said), plain(proto.Message.create(want)))
      assert.equal(received.message?.viewOnceMessageV2 != null, around !== undefined && 'view_once' in around)
      if (hasFile) assert.ok((await chat.download(received)).equals(FILE))
    })
  }
  assert.deepEqual((await chat.rig.stats()).last_violations, [])
})

/** A message through the wire's own form, as plain JSON without what belongs to a file. */
function plain(message: proto.IMessage): unknown {
  const decoded = proto.Message.decode(proto.Message.encode(message).finish())
  return JSON.parse(JSON.stringify(decoded), (name, value) => (OF_A_FILE.includes(name) ? undefined : value))
}
