import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { AnyMessageContent, proto } from '@whiskeysockets/baileys'
import { CONTACT, jid, MAIN } from '../rig.ts'
import { Chat, sha256 } from './chat.ts'

const PICTURE = randomBytes(40_000)
const SOUND = randomBytes(9_000)
const THUMBNAIL = randomBytes(300)
const WAVEFORM = Buffer.from([0, 12, 99, 40])
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const CARD = 'BEGIN:VCARD\nVERSION:3.0\nFN:Carol\nTEL;type=CELL;waid=12025550103:+1 202 555 0103\nEND:VCARD'
const shownCard = {
  name: { formatted_name: 'Carol' },
  phones: [{ phone: '+1 202 555 0103', wa_id: '12025550103', type: 'CELL' }],
  vcard: CARD,
}

/** What Baileys has no words for goes out as it is. */
type Relayed = { readonly relay: proto.IMessage }

type Row = {
  readonly name: string
  readonly content: AnyMessageContent | Relayed
  /** The members of the inbox entry besides `id`, `from`, `chat` and `at`. */
  readonly want: Readonly<Record<string, unknown>>
  /** What the phone must have decrypted. */
  readonly file?: Buffer
}

const FILE_ROWS: readonly Row[] = [
  {
    name: 'an image',
    content: {
      image: PICTURE,
      caption: 'the sea',
      jpegThumbnail: base64(THUMBNAIL),
      width: 640,
      height: 480,
    },
    want: {
      type: 'image',
      image: {
        ...{ mime_type: 'image/jpeg', size: PICTURE.length, caption: 'the sea' },
        ...{ width: 640, height: 480, thumbnail: base64(THUMBNAIL) },
      },
    },
    file: PICTURE,
  },
  {
    name: 'a video',
    content: {
      video: PICTURE,
      caption: 'waves',
      jpegThumbnail: base64(THUMBNAIL),
      seconds: 7,
    } as AnyMessageContent,
    want: {
      type: 'video',
      video: {
        ...{ mime_type: 'video/mp4', size: PICTURE.length, caption: 'waves', seconds: 7 },
        thumbnail: base64(THUMBNAIL),
      },
    },
    file: PICTURE,
  },
  {
    name: 'a GIF',
    content: { video: PICTURE, gifPlayback: true, jpegThumbnail: base64(THUMBNAIL) },
    want: {
      type: 'video',
      video: { mime_type: 'video/mp4', size: PICTURE.length, gif: true, thumbnail: base64(THUMBNAIL) },
    },
    file: PICTURE,
  },
  {
    name: 'a video note',
    content: { video: PICTURE, ptv: true },
    want: {
      type: 'video',
      video: { mime_type: 'video/mp4', size: PICTURE.length, note: true },
    },
    file: PICTURE,
  },
  {
    name: 'audio',
    content: { audio: SOUND, mimetype: 'audio/mp4', seconds: 61 },
    want: { type: 'audio', audio: { mime_type: 'audio/mp4', size: SOUND.length, seconds: 61 } },
    file: SOUND,
  },
  {
    name: 'a voice note',
    content: { audio: SOUND, ptt: true, seconds: 3, waveform: WAVEFORM } as AnyMessageContent,
    want: {
      type: 'audio',
      audio: {
        ...{ mime_type: 'audio/ogg; codecs=opus', size: SOUND.length, voice: true, seconds: 3 },
        waveform: base64(WAVEFORM),
      },
    },
    file: SOUND,
  },
  {
    name: 'a document',
    content: { document: SOUND, mimetype: 'text/csv', fileName: 'prices.csv', caption: 'as promised' },
    want: {
      type: 'document',
      document: { mime_type: 'text/csv', size: SOUND.length, caption: 'as promised', filename: 'prices.csv' },
    },
    file: SOUND,
  },
  {
    name: 'a sticker',
    content: { sticker: SOUND, isAnimated: true, width: 512, height: 512 },
    want: {
      type: 'sticker',
      sticker: { mime_type: 'image/webp', size: SOUND.length, animated: true, width: 512, height: 512 },
    },
    file: SOUND,
  },
  {
    name: 'an image that may be seen once',
    content: { image: SOUND, viewOnce: true, jpegThumbnail: base64(THUMBNAIL) },
    want: {
      ...{ type: 'image', view_once: true },
      image: { mime_type: 'image/jpeg', size: SOUND.length, thumbnail: base64(THUMBNAIL) },
    },
    file: SOUND,
  },
  {
    name: 'an empty file',
    content: { document: Buffer.alloc(0), mimetype: 'text/plain', fileName: 'nothing.txt' },
    want: { type: 'document', document: { mime_type: 'text/plain', size: 0, filename: 'nothing.txt' } },
    file: Buffer.alloc(0),
  },
]

const ROWS: readonly Row[] = [
  {
    name: 'a text',
    content: { text: 'Grüße 👋\n“quoted”' },
    want: { type: 'text', text: { body: 'Grüße 👋\n“quoted”' } },
  },
  {
    name: 'a link preview',
    content: {
      text: 'see https://example.com/a?b=c',
      linkPreview: {
        'canonical-url': 'https://example.com/',
        ...{ 'matched-text': 'https://example.com/a?b=c', title: 'Example', description: 'A page' },
        jpegThumbnail: THUMBNAIL,
      },
    },
    want: {
      type: 'text',
      text: {
        body: 'see https://example.com/a?b=c',
        preview: {
          ...{ url: 'https://example.com/a?b=c', title: 'Example', description: 'A page' },
          thumbnail: base64(THUMBNAIL),
        },
      },
    },
  },
  {
    name: 'a location',
    content: {
      location: { degreesLatitude: 52.5, degreesLongitude: -13.25, name: 'Here', address: 'Street 1' },
    },
    want: {
      type: 'location',
      location: { latitude: 52.5, longitude: -13.25, name: 'Here', address: 'Street 1' },
    },
  },
  {
    name: 'a live location',
    content: {
      relay: {
        liveLocationMessage: {
          ...{ degreesLatitude: 52.5, degreesLongitude: -13.25, accuracyInMeters: 5, speedInMps: 1.5 },
          ...{ degreesClockwiseFromMagneticNorth: 90, caption: 'on my way', sequenceNumber: 2 },
        },
      },
    },
    want: {
      type: 'live_location',
      live_location: {
        ...{ latitude: 52.5, longitude: -13.25, accuracy: 5, speed: 1.5, heading: 90 },
        ...{ caption: 'on my way', sequence: 2 },
      },
    },
  },
  {
    name: 'something that the simulator does not know',
    content: { relay: { requestPhoneNumberMessage: {} } },
    want: { type: 'unsupported', unsupported: { members: ['requestPhoneNumberMessage'] } },
  },
  {
    name: 'one contact',
    content: { contacts: { displayName: 'Carol', contacts: [{ displayName: 'Carol', vcard: CARD }] } },
    want: { type: 'contacts', contacts: [shownCard] },
  },
  {
    name: 'two contacts',
    content: {
      contacts: {
        displayName: 'two',
        contacts: [
          { displayName: 'Carol', vcard: CARD },
          { displayName: 'Carol', vcard: CARD },
        ],
      },
    },
    want: { type: 'contacts', contacts: [shownCard, shownCard] },
  },
  {
    name: 'a poll',
    content: { poll: { name: 'Lunch?', values: ['soup', 'salad', 'both'], selectableCount: 2 } },
    want: {
      type: 'poll',
      poll: { name: 'Lunch?', options: ['soup', 'salad', 'both'], selectable_count: 2 },
    },
  },
  {
    name: 'a mention',
    content: { text: 'ask @12025550101', mentions: [jid(CONTACT)] },
    want: { type: 'text', text: { body: 'ask @12025550101' }, mentions: [`+${CONTACT}`] },
  },
  {
    name: 'a timer for later messages',
    content: { disappearingMessagesInChat: 604_800 },
    want: { type: 'ephemeral', ephemeral: { seconds: 604_800 } },
  },
]

test('what an account sends of every type is what the phone decrypts', async t => {
  const chat = await Chat.start(t)
  for (const { name, content, want, file } of [...ROWS, ...FILE_ROWS]) {
    await t.test(name, async () => {
      const id = 'relay' in content ? await chat.relay(content.relay) : (await chat.send(content)).key.id
      const { id: _, from, chat: where, at: __, ...said } = await chat.entry(id)
      const hash = file === undefined ? {} : { media_sha256: sha256(file) }
      assert.deepEqual(said, { ...want, ...hash })
      assert.deepEqual([from, where], [`+${MAIN}`, `+${MAIN}`])
      if (file !== undefined) assert.ok((await chat.fileOn(CONTACT, id)).equals(file))
    })
  }
  assert.deepEqual((await chat.rig.stats()).last_violations, [])
})
