import { type proto, toNumber } from '@whiskeysockets/baileys'
import type { ReceivedFile } from '../../model/media.ts'
import type { MediaType, MessageContent } from '../../model/message.ts'
import { unwrapped } from './around.ts'
import type { Number64 } from './numbers.ts'

/** What the kinds of messages with a file have in common. */
export type FilePart = {
  readonly url?: string | null
  readonly directPath?: string | null
  readonly mediaKey?: Uint8Array | null
  readonly mediaKeyTimestamp?: Number64
  readonly mimetype?: string | null
  readonly fileSha256?: Uint8Array | null
  readonly fileEncSha256?: Uint8Array | null
  readonly fileLength?: Number64
  readonly caption?: string | null
  readonly fileName?: string | null
  readonly ptt?: boolean | null
  readonly viewOnce?: boolean | null
}

/** The part of a message that is about its file, with our word for its kind. */
export function filePartOf(message: proto.IMessage): readonly [MediaType, FilePart] | undefined {
  const parts: readonly (readonly [MediaType, FilePart | null | undefined])[] = [
    ['image', message.imageMessage],
    ['video', message.videoMessage ?? message.ptvMessage],
    ['audio', message.audioMessage],
    ['document', message.documentMessage],
    ['sticker', message.stickerMessage],
  ]
  for (const [type, part] of parts) if (part) return [type, part]
  return undefined
}

/** Where the file of a message lies and what opens it there; undefined when the message leaves out what it takes. */
export function fileOf(wrapped: proto.IMessage | null | undefined): ReceivedFile | undefined {
  const message = unwrapped(wrapped)
  const [type, part] = (message && filePartOf(message)) ?? []
  if (type === undefined || part === undefined) return undefined
  const { directPath, mediaKey, fileSha256, fileEncSha256, fileLength, mediaKeyTimestamp } = part
  if (!directPath || !mediaKey?.length || !fileSha256?.length || !fileEncSha256?.length) return undefined
  const remote = {
    directPath,
    mediaKey: Buffer.from(mediaKey).toString('base64'),
    sha256: Buffer.from(fileSha256).toString('hex'),
    encryptedSha256: Buffer.from(fileEncSha256).toString('hex'),
    size: toNumber(fileLength),
    keyedAt: toNumber(mediaKeyTimestamp),
  }
  return { type, remote }
}

/** The same content with the id under which its file can be fetched. */
export function withFile(content: MessageContent, id: string): MessageContent {
  switch (content.type) {
    case 'image':
      return { ...content, image: { id, ...content.image } }
    case 'video':
      return { ...content, video: { id, ...content.video } }
    case 'audio':
      return { ...content, audio: { id, ...content.audio } }
    case 'document':
      return { ...content, document: { id, ...content.document } }
    case 'sticker':
      return { ...content, sticker: { id, ...content.sticker } }
    default:
      return content
  }
}
