import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { thumbnailOf } from '../../../app/media/preview/picture.ts'
import { waveformOf } from '../../../app/media/preview/waveform.ts'
import type { MediaContent, MediaType, OutgoingContent } from '../../../app/model/message.ts'
import * as samples from '../../media/samples.ts'
import type { Rig } from '../rig.ts'
import type { Place } from './sent.ts'

type Row = {
  readonly name: string
  readonly type: MediaType
  readonly bytes: Buffer
  readonly mimeType: string
  /** What is said about it, and must arrive. */
  readonly about: object
  /** What it shows and says of the file, which nobody has to say. */
  readonly shown?: object
  readonly around?: Pick<MediaContent, 'view_once'>
  readonly places: readonly Place[]
}

const SHOWN = ['contact', 'group', 'status'] as const
const CHATS = ['contact', 'group'] as const
const OPUS = 'audio/ogg; codecs=opus'
const SIZE = { width: 3, height: 2 }
const FILM = { ms: 1_500, ...SIZE }

type More = Pick<Row, 'mimeType' | 'about' | 'shown'>
const row = (name: string, type: MediaType, bytes: Buffer, more: More): Row => ({
  ...{ name, type, bytes, ...more },
  places: type === 'document' || type === 'sticker' ? CHATS : SHOWN,
})

const WAVEFORM = (await waveformOf(Readable.from([samples.voice(2)])))?.toString('base64')

/** Files of every type, as they are sent. */
export const FILES: readonly Row[] = [
  row('a picture', 'image', samples.png(), {
    mimeType: 'image/png',
    about: { caption: 'Quay 3', ...SIZE },
    shown: { thumbnail: (await thumbnailOf(samples.png(), 'image/png')).toString('base64') },
  }),
  row('a video', 'video', samples.mp4(100_000), { mimeType: 'video/mp4', about: { caption: 'ebb' } }),
  row('a film', 'video', samples.film(FILM), {
    mimeType: 'video/mp4',
    about: {},
    shown: { seconds: 2, ...SIZE },
  }),
  row('a song', 'audio', samples.voice(3), { mimeType: OPUS, about: {}, shown: { seconds: 3 } }),
  row('a voice note', 'audio', samples.voice(2), {
    mimeType: OPUS,
    about: { voice: true },
    shown: { seconds: 2, waveform: WAVEFORM },
  }),
  row('a document', 'document', samples.pdf(), {
    mimeType: 'application/pdf',
    about: { filename: 'Plan.pdf', caption: 'The plan' },
  }),
  row('a sticker', 'sticker', samples.webp(), {
    mimeType: 'image/webp',
    about: { width: 512, height: 512 },
  }),
  {
    ...row('a picture for one look', 'image', samples.png(), { mimeType: 'image/png', about: SIZE }),
    ...{ around: { view_once: true }, places: CHATS },
  },
  {
    ...row('a voice note for one hearing', 'audio', samples.opus(), {
      mimeType: OPUS,
      about: { voice: true },
    }),
    ...{ around: { view_once: true }, places: CHATS },
  },
]

/** Has the app trust the simulator's media host, as the sandbox does. */
export function trustMediaHost({ place }: Pick<Rig, 'place'>): void {
  const ca = readFileSync(join(place.dataDir, '../simulator/media-ca.pem'), 'utf8')
  setDefaultCACertificates([...getCACertificates('default'), ca])
}

/** Takes the file in, as an upload does; answers the message that carries it. */
export async function contentOf(
  { type, bytes, about, around }: Row,
  { library }: Rig,
): Promise<OutgoingContent> {
  const taken = await library.take(Readable.from([bytes]), 1024 * 1024)
  if (taken.kind !== 'taken') return assert.fail(JSON.stringify(taken))
  const { id, mimeType } = await taken.keep({ account: 'main' })
  return { type, [type]: { id, mime_type: mimeType, ...about }, ...around } as unknown as OutgoingContent
}

/** What its recipient must have, byte for byte. */
export function wantOf({ type, bytes, mimeType, about, shown, around }: Row): object {
  const media_sha256 = createHash('sha256').update(bytes).digest('hex')
  return {
    type,
    [type]: { mime_type: mimeType, size: bytes.length, ...about, ...shown },
    media_sha256,
    ...around,
  }
}
