import type { proto } from '@whiskeysockets/baileys'
import { present } from '../../lib/present.ts'
import type { SentFile } from '../../model/media.ts'
import type { Media, MediaContent } from '../../model/message.ts'
import type { Body } from './bodies.ts'

/** A file that WhatsApp has, as the member of a message that is about it. */
export function fileBodyOf(content: MediaContent, remote: SentFile): NonNullable<Body> {
  const once = content.view_once === true ? { viewOnce: true } : {}
  switch (content.type) {
    case 'image': {
      const member = { ...fileOf(content.image, remote), ...once, ...sizeOf(content.image) }
      const shown = content.view_once ? {} : thumbnailOf(remote)
      return { name: 'imageMessage', member: { ...member, ...shown, ...captionOf(content.image) } }
    }
    case 'video':
      return {
        name: 'videoMessage',
        member: {
          ...{ ...fileOf(content.video, remote), ...once, ...filmOf(remote) },
          ...captionOf(content.video),
        },
      }
    case 'audio': {
      const { voice } = content.audio
      const ptt = voice === undefined ? {} : { ptt: voice }
      const heard = { ...secondsOf(remote), ...(voice ? waveformOf(remote) : {}) }
      const member = { ...fileOf(content.audio, remote), ...once, ...ptt, ...heard }
      return { name: 'audioMessage', member }
    }
    case 'document': {
      const { filename } = content.document
      const named = filename === undefined ? {} : { fileName: filename, title: filename }
      const member = { ...fileOf(content.document, remote), ...named, ...captionOf(content.document) }
      return { name: 'documentMessage', member }
    }
    case 'sticker': {
      const animated = content.sticker.animated === true ? { isAnimated: true } : {}
      const member = { ...fileOf(content.sticker, remote), ...sizeOf(content.sticker), ...animated }
      return { name: 'stickerMessage', member }
    }
  }
}

/** A message that its reader may open once stands in a wrapper of its own. */
export function onceOnly(message: proto.IMessage): proto.IMessage {
  return message.audioMessage ? { viewOnceMessageV2Extension: { message } } : { viewOnceMessage: { message } }
}

function fileOf({ mime_type: mimetype }: Media, remote: SentFile) {
  return {
    directPath: remote.directPath,
    mediaKey: Buffer.from(remote.mediaKey, 'base64'),
    mediaKeyTimestamp: remote.keyedAt,
    fileSha256: Buffer.from(remote.sha256, 'hex'),
    fileEncSha256: Buffer.from(remote.encryptedSha256, 'hex'),
    fileLength: remote.size,
    ...(remote.url === undefined ? {} : { url: remote.url }),
    ...(mimetype === undefined ? {} : { mimetype }),
  }
}

function sizeOf({ width, height }: Media): { width?: number; height?: number } {
  return width === undefined || height === undefined ? {} : { width, height }
}

/** Not of what is for one look: whoever gets it would keep the thumbnail. */
function thumbnailOf({ preview }: SentFile): { jpegThumbnail?: Buffer } {
  return preview?.thumbnail === undefined ? {} : { jpegThumbnail: Buffer.from(preview.thumbnail, 'base64') }
}

function filmOf({ preview: { seconds, width, height } = {} }: SentFile) {
  return present({ seconds, width, height })
}

function secondsOf({ preview }: SentFile): { seconds?: number } {
  return preview?.seconds === undefined ? {} : { seconds: preview.seconds }
}

function waveformOf({ preview }: SentFile): { waveform?: Buffer } {
  return preview?.waveform === undefined ? {} : { waveform: Buffer.from(preview.waveform, 'base64') }
}

function captionOf({ caption }: Media): { caption?: string } {
  return caption === undefined ? {} : { caption }
}
