import type { proto } from '@whiskeysockets/baileys'
import type { MediaKind } from '../media/file.ts'

/** A message that a phone has sent or received, as others refer to it. */
export type Known = {
  readonly id: string
  readonly isOwn: boolean
  /** The author's JID, without a device. */
  readonly author: string
  readonly message: proto.IMessage
}

/** Where a file lies that was uploaded for a message, and how to open it: what WhatsApp's media messages share. */
export type UploadedFile = {
  readonly url: string
  readonly directPath: string
  readonly mediaKey: Uint8Array
  readonly fileSha256: Uint8Array
  readonly fileEncSha256: Uint8Array
  readonly fileLength: number
  readonly mediaKeyTimestamp: number
}

/** What writing a message takes of the phone and the chat that it is written in. */
export type Writer = {
  /** JIDs without a device, as the chat addresses people. */
  readonly me: string
  readonly chat: string
  readonly isGroup: boolean
  now(): Date
  find(id: string): Known | undefined
  /** The JID of a number as the chat addresses people. */
  jidOf(number: string): string
  upload(kind: MediaKind, bytes: Uint8Array): UploadedFile
  bytes(count: number): Buffer
}

/** What a received message says about a file, or that it could not be opened. */
export type OpenedFile =
  | { readonly kind: 'opened'; readonly sha256: string; readonly bytes: Buffer }
  | { readonly kind: 'expired' }
  | { readonly kind: 'bad'; readonly fault: string }

/** What reading a message takes of the phone that reads it. */
export type Reader = {
  /** A number with `+` for a user's JID, other JIDs as they are. */
  nameOf(jid: string): string
  /** The chosen options of a vote, by name, or a sentence about why they cannot be told. */
  openVote(vote: proto.Message.IPollUpdateMessage): readonly string[] | string
  open(kind: MediaKind, file: FilePart): OpenedFile
}

/** The part of a media message that is about its file. */
export type FilePart = {
  readonly url?: string | null
  readonly directPath?: string | null
  readonly mediaKey?: Uint8Array | null
  readonly fileSha256?: Uint8Array | null
  readonly fileEncSha256?: Uint8Array | null
  readonly fileLength?: unknown
}

/** What a message says, and what it says around that. */
export type Said = {
  readonly content: unknown
  readonly contextInfo?: proto.IContextInfo | null | undefined
  readonly file?: OpenedFile
  /** Why nobody can use the message. */
  readonly fault?: string
}

/** One type of message, both ways between the member of the message object and what is encrypted. */
export type Kind = {
  /** undefined when the message is of another type. */
  read(message: proto.IMessage, reader: Reader): Said | undefined
  /** Throws a MemberFault about what is wrong with the member. */
  write(member: unknown, writer: Writer): proto.IMessage
}

export type Kinds = Readonly<Record<string, Kind>>

/** An object without the members that are absent: nothing, an empty string or list, 0 or false. */
export function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).filter(
      ([, value]) => value != null && value !== '' && value !== false && value !== 0,
    ),
  )
}

export function base64Of(bytes: Uint8Array | null | undefined): string | undefined {
  return bytes == null || bytes.length === 0 ? undefined : Buffer.from(bytes).toString('base64')
}
