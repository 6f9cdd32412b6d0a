import { proto } from '@whiskeysockets/baileys'
import type { MediaKind } from '../media/file.ts'
import { base64Of, type FilePart, type Kind, type Kinds, present, type Reader, type Said } from './kind.ts'
import { MemberFault, readMembers, type Shape } from './members.ts'

/** What every media message has besides its file. */
type MediaMessage = FilePart & {
  readonly mimetype?: string | null
  readonly contextInfo?: proto.IContextInfo | null
}

const FILE = { data: 'base64?', size: 'number?', mime_type: 'string?' } as const
const MAX_GENERATED = 64 * 1024 * 1024
const { create: newDocument } = proto.Message.DocumentMessage

/** Files of every kind: encrypted, uploaded and named in the message, or downloaded, checked and decrypted. */
export const mediaKinds: Kinds = {
  image: media('image', {
    mimeType: 'image/jpeg',
    shape: { caption: 'string?', width: 'number?', height: 'number?', thumbnail: 'base64?' },
    find: ({ imageMessage }) => imageMessage,
    describe: (image: proto.Message.IImageMessage) => ({
      caption: image.caption,
      width: image.width,
      height: image.height,
      thumbnail: base64Of(image.jpegThumbnail),
    }),
    build: ({ thumbnail, ...members }, file) => ({
      imageMessage: { ...file, ...members, ...thumbnailOf(thumbnail) },
    }),
  }),
  video: media('video', {
    mimeType: 'video/mp4',
    shape: {
      ...{ caption: 'string?', width: 'number?', height: 'number?', thumbnail: 'base64?' },
      ...{ seconds: 'number?', gif: 'boolean?', note: 'boolean?' },
    },
    find: ({ videoMessage, ptvMessage }) => videoMessage ?? ptvMessage,
    describe: (video: proto.Message.IVideoMessage, { ptvMessage }) => ({
      caption: video.caption,
      width: video.width,
      height: video.height,
      thumbnail: base64Of(video.jpegThumbnail),
      seconds: video.seconds,
      gif: video.gifPlayback,
      note: ptvMessage != null,
    }),
    build: ({ thumbnail, gif, note, ...members }, file) => {
      const video = { ...file, ...members, ...thumbnailOf(thumbnail), ...present({ gifPlayback: gif }) }
      return note === true ? { ptvMessage: video } : { videoMessage: video }
    },
  }),
  audio: media('audio', {
    mimeType: 'audio/ogg; codecs=opus',
    shape: { voice: 'boolean?', seconds: 'number?', waveform: 'base64?' },
    find: ({ audioMessage }) => audioMessage,
    describe: (audio: proto.Message.IAudioMessage) => ({
      voice: audio.ptt,
      seconds: audio.seconds,
      waveform: base64Of(audio.waveform),
    }),
    build: ({ voice, seconds, waveform }, file) => ({
      audioMessage: {
        ...file,
        ...present({ ptt: voice, seconds }),
        ...(waveform === undefined ? {} : { waveform: Buffer.from(String(waveform), 'base64') }),
      },
    }),
  }),
  document: media('document', {
    mimeType: 'application/pdf',
    shape: { caption: 'string?', filename: 'string?', pages: 'number?' },
    find: ({ documentMessage }) => documentMessage,
    describe: (document: proto.Message.IDocumentMessage) => ({
      caption: document.caption,
      filename: document.fileName,
      pages: document.pageCount,
    }),
    build: ({ caption, filename, pages }, file) => {
      const named = present({ caption, fileName: filename, title: filename, pageCount: pages })
      const documentMessage = newDocument({ ...file, ...named })
      return caption === undefined
        ? { documentMessage }
        : { documentWithCaptionMessage: { message: { documentMessage } } }
    },
  }),
  sticker: media('sticker', {
    mimeType: 'image/webp',
    shape: { animated: 'boolean?', width: 'number?', height: 'number?' },
    find: ({ stickerMessage }) => stickerMessage,
    describe: (sticker: proto.Message.IStickerMessage) => ({
      animated: sticker.isAnimated,
      width: sticker.width,
      height: sticker.height,
    }),
    build: ({ animated, ...members }, file) => ({
      stickerMessage: { ...file, ...members, ...present({ isAnimated: animated }) },
    }),
  }),
}

type MediaType<M extends MediaMessage> = {
  readonly mimeType: string
  readonly shape: Shape
  find(message: proto.IMessage): M | null | undefined
  describe(found: M, message: proto.IMessage): Readonly<Record<string, unknown>>
  build(members: Readonly<Record<string, unknown>>, file: object): proto.IMessage
}

function media<M extends MediaMessage>(kind: MediaKind, type: MediaType<M>): Kind {
  return {
    read(message, reader) {
      const found = type.find(message)
      return found == null ? undefined : readMedia(kind, { found, type, message, reader })
    },
    write(member, writer) {
      const { data, size, mime_type, ...members } = readMembers(member, { ...FILE, ...type.shape }, kind)
      if ((data === undefined) === (size === undefined)) {
        throw new MemberFault(`\`${kind}\` must have either data (base64) or size (bytes to make up)`)
      }
      if (size !== undefined && size > MAX_GENERATED) {
        throw new MemberFault(`\`${kind}.size\` must be at most ${MAX_GENERATED}`)
      }
      const bytes = data === undefined ? writer.bytes(size ?? 0) : Buffer.from(data, 'base64')
      return type.build(members, { ...writer.upload(kind, bytes), mimetype: mime_type ?? type.mimeType })
    },
  }
}

type Reading<M extends MediaMessage> = {
  readonly found: M
  readonly type: MediaType<M>
  readonly message: proto.IMessage
  readonly reader: Reader
}

function readMedia<M extends MediaMessage>(kind: MediaKind, reading: Reading<M>): Said {
  const { found, type, message, reader } = reading
  const file = reader.open(kind, found)
  const content = {
    mime_type: found.mimetype ?? '',
    size: Number(found.fileLength ?? 0),
    ...present(type.describe(found, message)),
  }
  const around = { content, contextInfo: found.contextInfo, file }
  return file.kind === 'bad' ? { ...around, fault: file.fault } : around
}

function thumbnailOf(thumbnail: unknown): object {
  return thumbnail === undefined ? {} : { jpegThumbnail: Buffer.from(String(thumbnail), 'base64') }
}
