import { createHash } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import { changeKinds } from './content/changes.ts'
import { contactKinds } from './content/contacts.ts'
import { readAround, surround, unwrap, withContext } from './content/context.ts'
import { knownMessage } from './content/key.ts'
import type { Kinds, Reader, Writer } from './content/kind.ts'
import { mediaKinds } from './content/media.ts'
import { MemberFault, readMembers } from './content/members.ts'
import { placeKinds } from './content/places.ts'
import { pollKinds } from './content/polls.ts'
import { textKinds } from './content/text.ts'

/**
 * What people send each other: the `type` and the member of that name, as in the admin API's message object, and what
 * stands around it (`context`, `mentions`, …, `media_sha256`).
 */
export type Content = {
  readonly type: string
  readonly content: unknown
  readonly around: Readonly<Record<string, unknown>>
  /** Why nobody can use the message; its type is then `unsupported`. */
  readonly fault?: string
}

/** A message object, taken apart. */
export type Wording = {
  readonly type: string
  readonly member: unknown
  readonly around: Readonly<Record<string, unknown>>
}

const KINDS: Kinds = {
  ...textKinds,
  ...mediaKinds,
  ...placeKinds,
  ...contactKinds,
  ...pollKinds,
  ...changeKinds,
}
const FORWARD = 'forward'

export const MESSAGE_TYPES: readonly string[] = [...Object.keys(KINDS), FORWARD]

/** What a decrypted message says. Kinds that the simulator does not know yet are named, not understood. */
export function readContent(received: proto.IMessage, reader: Reader): Content {
  const { message, isViewOnce } = unwrap(received)
  for (const [type, kind] of Object.entries(KINDS)) {
    const said = kind.read(message, reader)
    if (said === undefined) continue
    const around = readAround(said.contextInfo, isViewOnce, reader)
    if (said.fault !== undefined) return { ...unsupported(message), fault: said.fault }
    if (said.file === undefined) return { type, content: said.content, around }
    return said.file.kind === 'opened'
      ? { type, content: said.content, around: { ...around, media_sha256: said.file.sha256 } }
      : { type, content: said.content, around: { ...around, media_expired: true } }
  }
  return unsupported(message)
}

function unsupported(message: proto.IMessage): Content {
  const members = Object.entries(message).filter(
    ([name, value]) => value != null && name !== 'messageContextInfo',
  )
  return { type: 'unsupported', content: { members: members.map(([name]) => name) }, around: {} }
}

/** The message to encrypt, or a sentence about what is wrong with the object. */
export function writeContent({ type, member, around }: Wording, writer: Writer): proto.IMessage | string {
  try {
    if (type === FORWARD) return forwarded(member, writer)
    const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined
    if (kind === undefined) return `\`type\` must be one of ${MESSAGE_TYPES.join(', ')}`
    return surround(kind.write(member, writer), around, writer)
  } catch (error) {
    if (error instanceof MemberFault) return error.message
    throw error
  }
}

/** A known message once more, marked as forwarded; its file stays where it is. */
function forwarded(member: unknown, writer: Writer): proto.IMessage {
  const { message_id } = readMembers(member, { message_id: 'string' }, FORWARD)
  const { message } = unwrap(knownMessage(writer, message_id).message)
  const { messageContextInfo: _, ...said } = message
  return withContext(said, { isForwarded: true, forwardingScore: 1 })
}

/** The text of a message that is one. */
export function textOf({ conversation, extendedTextMessage }: proto.IMessage): string | undefined {
  return (conversation || extendedTextMessage?.text) ?? undefined
}

/** A digest of what a message says, without the context that a sender makes anew at each attempt. */
export function contentDigest(message: proto.IMessage): string {
  const { messageContextInfo: _, ...said } = message
  return createHash('sha256').update(proto.Message.encode(said).finish()).digest('base64url')
}
