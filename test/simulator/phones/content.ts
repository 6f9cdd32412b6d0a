import { createHash } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'

/**
 * What people send each other: the `type` and the member of that name, as in the admin API's message object.
 */
export type Content = { readonly type: string; readonly content: unknown }

/** One kind of message, both ways between the message object and what is encrypted. */
type Kind = {
  /** undefined when the message is of another kind. */
  read(message: proto.IMessage): unknown
  /** The message, or a sentence about what is wrong with the member. */
  write(member: unknown): proto.IMessage | string
}

const text: Kind = {
  read({ conversation, extendedTextMessage }) {
    const body = conversation || extendedTextMessage?.text
    return typeof body === 'string' ? { body } : undefined
  },
  write(member) {
    const body = (member as { body?: unknown } | undefined)?.body
    if (typeof body !== 'string' || body === '') return '`text.body` must be a non-empty string'
    return { conversation: body }
  },
}

const KINDS: Readonly<Record<string, Kind>> = { text }

export const MESSAGE_TYPES: readonly string[] = Object.keys(KINDS)

/** What a decrypted message says. Kinds that the simulator does not know yet are named, not understood. */
export function readContent(message: proto.IMessage): Content {
  for (const [type, kind] of Object.entries(KINDS)) {
    const content = kind.read(message)
    if (content !== undefined) return { type, content }
  }
  const members = Object.entries(message).filter(
    ([name, value]) => value != null && name !== 'messageContextInfo',
  )
  return { type: 'unsupported', content: { members: members.map(([name]) => name) } }
}

/** The message to encrypt, or a sentence about what is wrong with the object. */
export function writeContent(type: string, member: unknown): proto.IMessage | string {
  const kind = KINDS[type]
  if (kind === undefined) return `\`type\` must be one of ${MESSAGE_TYPES.join(', ')}`
  return kind.write(member)
}

/** A digest of what a message says, without the context that a sender makes anew at each attempt. */
export function contentDigest(message: proto.IMessage): string {
  const { messageContextInfo: _, ...said } = message
  return createHash('sha256').update(proto.Message.encode(said).finish()).digest('base64url')
}
