import { kindOfChat } from './chat.ts'
import type { DecisionRequest } from './decision.ts'
import type { MediaType } from './message.ts'

/** Where WhatsApp has a file, and what opens it there. Nobody outside is told. */
export type RemoteFile = {
  readonly directPath: string
  /** base64 */
  readonly mediaKey: string
  /** Of the file, in hex. */
  readonly sha256: string
  /** Of what lies there, in hex. */
  readonly encryptedSha256: string
  readonly size: number
  /** Seconds since 1970 at which the key was made. */
  readonly keyedAt: number
  readonly url?: string
}

/** What a message shows and says of its file before anybody fetches that. */
export type Preview = {
  /** A small JPEG, in base64. */
  readonly thumbnail?: string
  /** How long it plays. */
  readonly seconds?: number
  /** Of Opus: how loud each sixty-fourth of it is, 64 bytes of 0 to 100 in base64. */
  readonly waveform?: string
  /** Of a film, upright. */
  readonly width?: number
  readonly height?: number
}

/** A file that WhatsApp has since we sent it. */
export type SentFile = RemoteFile & { readonly preview?: Preview }

/** The file of a received message, until it is fetched. */
export type ReceivedFile = { readonly type: MediaType; readonly remote: RemoteFile }

/** What its content says about a file. */
export type FileTraits = {
  readonly mimeType: string
  readonly size: number
  /** In hex. */
  readonly sha256: string
  readonly width?: number
  readonly height?: number
  readonly animated?: boolean
}

/** An encrypted file in the folder of media. */
export type StoredFile = { readonly name: string; readonly size: number; readonly key: Uint8Array }

/** A file that was uploaded, taken from a link or received with a message. */
export type MediaItem = Partial<FileTraits> & {
  /** `med_…` */
  readonly id: string
  readonly account: string
  readonly createdAt: Date
  /** Who brought it; absent for what was received. */
  readonly principal?: string
  readonly filename?: string
  /** The chat in which it was received. */
  readonly chat?: string
  readonly received?: ReceivedFile
  /** Absent while it is at WhatsApp's alone. */
  readonly file?: StoredFile
  /** Attempts to fetch it that failed. */
  readonly fetchCount: number
  /** Where WhatsApp has it since we sent it, by the type of message. */
  readonly sent: { readonly [Type in MediaType]?: SentFile }
}

/** What a rule can say about a file. */
export function touchedBy({ account, chat, size, mimeType, received }: MediaItem): Touched {
  return {
    account,
    ...(chat === undefined ? {} : { to: chat, recipientKind: kindOfChat(chat) }),
    ...(received === undefined ? {} : { type: received.type }),
    ...(size === undefined ? {} : { size }),
    ...(mimeType === undefined ? {} : { mime: plainMime(mimeType) }),
  }
}

type Touched = Pick<DecisionRequest, 'account' | 'to' | 'recipientKind' | 'type' | 'size' | 'mime'>

/** A type without its parameters, as rules name it: `audio/ogg; codecs=opus` is `audio/ogg`. */
export function plainMime(mimeType: string): string {
  return mimeType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}
