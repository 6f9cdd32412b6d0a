import { normalizeMessageContent, type proto } from '@whiskeysockets/baileys'
import type { Around } from '../../model/content/around.ts'
import { type LidLookup, personOf } from '../translate.ts'

/** Wrappers of newer versions, which the library leaves on. */
const WRAPPERS = [
  'groupMentionedMessage',
  'botInvokeMessage',
  'lottieStickerMessage',
  'statusMentionMessage',
  'groupStatusMentionMessage',
  'pollCreationMessageV4',
  'questionMessage',
  'statusAddYours',
  'limitSharingMessage',
] as const
const MAX_DEPTH = 3
/** The store is asked about each, and no group has more members. */
const MAX_NAMED = 1_024

/** What a message says inside its wrappers. */
export function unwrapped(wrapped: proto.IMessage | null | undefined, depth = 0): proto.IMessage | undefined {
  const message = normalizeMessageContent(wrapped)
  const name = WRAPPERS.find(wrapper => message?.[wrapper]?.message)
  const inner = name === undefined ? undefined : message?.[name]?.message
  return inner && depth < MAX_DEPTH ? unwrapped(inner, depth + 1) : message
}

const FOR_ONE_LOOK = ['viewOnceMessage', 'viewOnceMessageV2', 'viewOnceMessageV2Extension'] as const

/** True when its file can be opened once: its wrapper says so, or the member about the file. */
export function isForOneLook(
  wrapped: proto.IMessage | null | undefined,
  file: { readonly viewOnce?: boolean | null },
): boolean {
  const outer = wrapped?.ephemeralMessage?.message ?? wrapped
  return file.viewOnce === true || FOR_ONE_LOOK.some(name => outer?.[name]?.message)
}

/** What stands around the content: what it answers, whom it names, how far it has come, when it goes. */
export async function aroundOf(
  message: proto.IMessage,
  kind: keyof proto.IMessage,
  lookup: LidLookup,
): Promise<Around> {
  const part: unknown = message[kind]
  if (typeof part !== 'object' || part === null || !('contextInfo' in part)) return {}
  const { stanzaId, mentionedJid, forwardingScore, isForwarded, expiration } =
    (part.contextInfo as proto.IContextInfo | null) ?? {}
  const named = [...new Set(mentionedJid ?? [])].slice(0, MAX_NAMED)
  const people = await Promise.all(named.map(jid => personOf(jid, undefined, lookup)))
  const mentions = people.filter(person => person !== undefined)
  const score = forwardingScore || (isForwarded ? 1 : 0)
  return {
    ...(stanzaId ? { context: { message_id: stanzaId } } : {}),
    ...(mentions.length === 0 ? {} : { mentions }),
    ...(score === 0 ? {} : { forwarding_score: score }),
    ...(expiration ? { ephemeral_seconds: expiration } : {}),
  }
}
