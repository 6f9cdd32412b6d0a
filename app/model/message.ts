import type { ChatId } from './chat.ts'
import type { Around } from './content/around.ts'
import type { ContactCard } from './content/contact-card.ts'
import type {
  EditContent,
  EphemeralContent,
  PinContent,
  ReactionContent,
  RevokeContent,
} from './content/gesture.ts'
import type { PollVote } from './content/poll.ts'
import type { ReceivedContent } from './content/received.ts'
import type { ReceivedFile } from './media.ts'

/** A message as WhatsApp's Cloud API writes it, one member named by `type`. Later types are further members of this union. */
export type MessageContent =
  | TextContent
  | TemplateContent
  | MediaContent
  | LocationContent
  | ContactsContent
  | PollContent
  | ReactionContent
  | EditContent
  | RevokeContent
  | PinContent
  | ForwardContent
  | EphemeralContent
  | ReceivedContent
  | UnsupportedContent
  | RemovedContent

/** What was said is removed, by the policy's retention; of which type it was stays. */
export type RemovedContent = Around & {
  readonly type: 'removed'
  readonly removed: { readonly type: string }
}

export type TextContent = Around & {
  readonly type: 'text'
  readonly text: { readonly body: string }
}

/** What a template of the policies said when the message was accepted: a later policy changes no word of it. */
export type TemplateContent = Around & {
  readonly type: 'template'
  readonly template: { readonly name: string; readonly language: string; readonly body: string }
}

/** The types of messages that carry a file. */
export const MEDIA_TYPES = ['image', 'video', 'audio', 'document', 'sticker'] as const
export type MediaType = (typeof MEDIA_TYPES)[number]

/** A file, as far as the message itself describes it. */
export type Media = {
  /** `med_…`: what it is fetched by. */
  readonly id?: string
  /** Where the caller has it, until it is fetched from there. */
  readonly link?: string
  readonly mime_type?: string
  /** Of the file, in hex. */
  readonly sha256?: string
  readonly size?: number
  readonly caption?: string
  readonly filename?: string
  readonly voice?: boolean
  readonly width?: number
  readonly height?: number
  readonly animated?: boolean
}

export type MediaContent = {
  [Type in MediaType]: Around & { readonly type: Type; readonly view_once?: boolean } & {
    readonly [Member in Type]: Media
  }
}[MediaType]

export type LocationContent = Around & {
  readonly type: 'location'
  readonly location: {
    readonly latitude: number
    readonly longitude: number
    readonly name?: string
    readonly address?: string
    /** It is where somebody was at that moment, and moves on. */
    readonly live?: boolean
  }
}

export type ContactsContent = Around & {
  readonly type: 'contacts'
  readonly contacts: readonly ContactCard[]
}

export type PollContent = Around & {
  readonly type: 'poll'
  readonly poll: {
    readonly name: string
    readonly options: readonly string[]
    /** How many of them one may choose; 0: as many as one likes. */
    readonly selectable_count: number
  }
}

/** Something received that this version cannot read; the event says so instead of hiding it. */
export type UnsupportedContent = Around & {
  readonly type: 'unsupported'
  readonly unsupported: { readonly kind: string }
}

/** What stands for a message that could not be read, until its sender has sent it again. */
export const UNREADABLE: UnsupportedContent = { type: 'unsupported', unsupported: { kind: 'undecryptable' } }

/** True while a message's own content has not come. */
export function isUnread({ content }: Pick<Message, 'content'>): boolean {
  return content.type === 'unsupported' && content.unsupported.kind === UNREADABLE.unsupported.kind
}

/** What stands for a message that was damaged where it was kept. */
export const DAMAGED: UnsupportedContent = { type: 'unsupported', unsupported: { kind: 'damaged' } }

export function isDamaged({ content }: Pick<Message, 'content'>): boolean {
  return content.type === 'unsupported' && content.unsupported.kind === DAMAGED.unsupported.kind
}

/** A message once more, as it was when that was asked for. */
export type ForwardContent = Around & {
  readonly type: 'forward'
  readonly forward: { readonly message_id: string; readonly message: ForwardableContent }
}

/** What can be passed on. */
export type ForwardableContent =
  | TextContent
  | TemplateContent
  | MediaContent
  | LocationContent
  | ContactsContent

/** What a caller may send. */
export type OutgoingContent =
  | TextContent
  | MediaContent
  | TemplateContent
  | LocationContent
  | ContactsContent
  | PollContent
  | ReactionContent
  | EditContent
  | RevokeContent
  | PinContent
  | ForwardContent

/** What is asked to be sent. A forward names its message: what that says is found out when it is accepted. */
export type AskedContent =
  | Exclude<OutgoingContent, ForwardContent>
  | (Around & { readonly type: 'forward'; readonly forward: { readonly message_id: string } })

const CARRIERS: ReadonlySet<string> = new Set(MEDIA_TYPES)

/** True for what is about a file of its own. */
export function isFile(content: MessageContent | AskedContent): content is MediaContent {
  return CARRIERS.has(content.type)
}

/** What of a message carries its file: itself, or the message that it passes on. */
export function carrierIn(content: MessageContent): MediaContent | undefined {
  const plain = content.type === 'forward' ? content.forward.message : content
  return isFile(plain) ? plain : undefined
}

/** The file that a content carries. */
export function mediaIn(content: MessageContent | AskedContent): Media | undefined {
  switch (content.type) {
    case 'image':
      return content.image
    case 'video':
      return content.video
    case 'audio':
      return content.audio
    case 'document':
      return content.document
    case 'sticker':
      return content.sticker
    case 'forward':
      return 'message' in content.forward ? mediaIn(content.forward.message) : undefined
    default:
      return undefined
  }
}

/** The words of a message, as its reader sees them; undefined where it is not words. */
export function textOf(content: TextContent | TemplateContent): string
export function textOf(content: MessageContent): string | undefined
export function textOf(content: MessageContent): string | undefined {
  if (content.type === 'text') return content.text.body
  return content.type === 'template' ? content.template.body : undefined
}

export const MESSAGE_STATUSES = [
  'held',
  'queued',
  'sending',
  'sent',
  'delivered',
  'read',
  'played',
  'failed',
  'expired',
  'cancelled',
  'received',
] as const

/** `received` is for incoming messages only; every other status belongs to the outbox. */
export type MessageStatus = (typeof MESSAGE_STATUSES)[number]

/** One step of a message's life. `detail` gives the reason of a failure, hold or repeat, `code` its stable word where it has one. */
export type TimelineStep = {
  readonly status: MessageStatus
  readonly at: Date
  readonly code?: string
  readonly detail?: string
}

/** One WhatsApp message, in either direction, as the store keeps it. */
export type Message = {
  /** `obx_…` for ours, `msg_…` for received ones. */
  readonly id: string
  readonly account: string
  readonly direction: 'in' | 'out'
  readonly chat: ChatId
  /** WhatsApp's own id (`3EB0…`), chosen when the entry is enqueued and the same at every attempt. */
  readonly messageId: string
  readonly status: MessageStatus
  readonly content: MessageContent
  /** Who wrote it: a number, or `…@lid`. For ours: the account's own number when known. */
  readonly from?: string
  /** The principal that asked for it (direction `out`). */
  readonly principal?: string
  /** Where that principal asked from, for the decision at the moment of sending (direction `out`). */
  readonly ip?: string
  /** The decision that allowed it (direction `out`). */
  readonly decisionId?: string
  /** The principal that approved it while it was held (direction `out`): no later hold stops it again. */
  readonly approvedBy?: string
  /** What the caller asked to have given back in events (`biz_opaque_callback_data`). */
  readonly callbackData?: string
  readonly purpose?: string
  readonly createdAt: Date
  /** Not sent before this instant (`send_at`, or the wait of a limit). */
  readonly dueAt?: Date
  /** Not sent after this instant: it becomes `expired`. */
  readonly expiresAt?: Date
  /** Attempts begun so far. */
  readonly attemptCount: number
  readonly timeline: readonly TimelineStep[]
  /** In a group, who has it: each participant at their latest. */
  readonly receipts?: readonly MessageReceipt[]
  /** Who is shown a status of ours. */
  readonly audience?: readonly string[]
  /** Of a poll: how everybody has voted, each at their latest. */
  readonly votes?: readonly PollVote[]
  /** The secret of a poll, in base64, which opens the votes for it. Nobody outside is told. */
  readonly secret?: string
  /** Where the file of a received message lies, on its way into the store. Nobody outside is told. */
  readonly file?: ReceivedFile
}

/** How far one participant of a group has got with a message. */
export type MessageReceipt = {
  readonly participant: string
  readonly status: 'delivered' | 'read' | 'played'
  readonly at: Date
}

const ENDED = 9

const ORDER: Readonly<Record<MessageStatus, number>> = {
  held: 0,
  queued: 1,
  sending: 2,
  sent: 3,
  delivered: 4,
  read: 5,
  played: 6,
  failed: ENDED,
  expired: ENDED,
  cancelled: ENDED,
  received: ENDED,
}

/** True while it has still to leave. */
export function isWaiting(status: MessageStatus): boolean {
  return ORDER[status] <= ORDER.sending
}

/**
 * True when a message in status `from` may move on to `to`: receipts only ever advance, and an end stays. One exception:
 * what was tried before it was given up or taken back may have left all the same, and a phone that has it is right.
 */
export function advances(from: MessageStatus, to: MessageStatus): boolean {
  if (from !== 'received' && ORDER[from] === ENDED) return PROOF.has(to)
  if (to === 'failed' || to === 'expired' || to === 'cancelled') return isWaiting(from)
  return ORDER[to] > ORDER[from]
}

const PROOF: ReadonlySet<MessageStatus> = new Set(['delivered', 'read', 'played'])
