import { type BinaryNode, DisconnectReason } from '@whiskeysockets/baileys'
import { type ChatId, kindOfChat } from '../model/chat.ts'
import type { SendFailureCode } from '../model/send-failure.ts'
import type { SendOutcome } from '../model/send-port.ts'
import { wordsOf } from './socket/library-log.ts'
import { closeCodeOf } from './translate.ts'

/** `final`: it would be refused again. `few`: a fresh device list, session or group can help, so some attempts. `later`: patience. */
type Fate =
  | { readonly kind: 'final'; readonly code: SendFailureCode }
  | { readonly kind: 'few'; readonly code: SendFailureCode }
  | { readonly kind: 'later' }

/** How a message can fare that WhatsApp does not take. */
type Failed = Extract<SendOutcome, { kind: 'retry' | 'refused' }>

type Fates = Readonly<Record<string, Fate>>

/** Attempts that a refusal of the kind `few` gets; with the outbox's backoff they spread over two minutes. */
const FEW = 8

const LATER: Fate = { kind: 'later' }
const REJECTED: Fate = { kind: 'final', code: 'message.rejected' }
const REJECTED_SO_FAR: Fate = { kind: 'few', code: 'message.rejected' }

/**
 * WhatsApp's answers to a message, by the `error` of its ack. None of this is documented by WhatsApp; it is what Baileys
 * and whatsmeow know of it and their users have seen. 408, 420, 429 and everything from 500 on ask for patience.
 */
const ACKS: Fates = {
  400: REJECTED_SO_FAR, // also seen in passing, while a number and its LID were being sorted out
  401: { kind: 'final', code: 'recipient.forbidden' },
  403: { kind: 'final', code: 'recipient.forbidden' },
  404: { kind: 'final', code: 'recipient.not_on_whatsapp' },
  405: REJECTED_SO_FAR,
  406: REJECTED,
  408: LATER,
  413: { kind: 'final', code: 'message.too_large' },
  420: LATER, // rate-overlimit in an older dress
  421: REJECTED_SO_FAR, // the group is addressed in the other way by now; its members are asked for anew
  429: LATER,
  463: { kind: 'final', code: 'account.restricted' }, // each try counts as another stranger that was written to
  475: REJECTED_SO_FAR,
  479: REJECTED_SO_FAR, // the stanza is not valid: mostly a stale list of devices, or an old session
  487: REJECTED,
  488: REJECTED,
  489: REJECTED,
  490: REJECTED,
  491: REJECTED,
  495: REJECTED,
  496: REJECTED_SO_FAR, // an old counter: the next attempt encrypts anew
  550: REJECTED,
  551: REJECTED,
}

const GROUP_ACKS: Fates = {
  401: { kind: 'final', code: 'group.forbidden' },
  403: { kind: 'final', code: 'group.forbidden' },
  404: { kind: 'final', code: 'group.not_found' },
}

/** The answers to what a send has to ask before: a contact's devices and keys. */
const QUERIES: Fates = {
  403: { kind: 'few', code: 'recipient.unreachable' },
  404: { kind: 'few', code: 'recipient.unreachable' },
  406: { kind: 'few', code: 'recipient.unreachable' },
}

/** The same for a group: its members. */
const GROUP_QUERIES: Fates = {
  401: { kind: 'final', code: 'group.not_member' },
  403: { kind: 'final', code: 'group.not_member' },
  404: { kind: 'final', code: 'group.not_found' },
  410: { kind: 'final', code: 'group.not_found' },
}

/** Baileys' word for having no session with any device of the recipient. */
const NO_KEYS = 'All encryptions failed'

/** What a refusal in the server's ack comes to. */
export function refusalOf(error: string, chat: ChatId): Failed {
  const fate = (isGroup(chat) ? GROUP_ACKS[error] : undefined) ?? ACKS[error] ?? unlisted(error)
  return outcomeOf(fate, `WhatsApp refused the message with error ${error}`)
}

/**
 * What a send comes to that broke off before it was written. A refusal of what it had to ask first, such as a group's
 * members, refuses the message; a connection that went does not.
 */
export function failureOf(error: unknown, chat: ChatId): Failed {
  if (error instanceof Error && error.message === NO_KEYS) {
    return outcomeOf(
      { kind: 'few', code: 'recipient.unreachable' },
      'not sent: no keys for any of the devices',
    )
  }
  const code = answerIn(error)
  const fate = (isGroup(chat) ? GROUP_QUERIES : QUERIES)[code] ?? unlisted(String(code))
  if (closeCodeOf(error instanceof Error ? error : undefined) === DisconnectReason.connectionClosed)
    return { kind: 'retry', reason: `not sent: ${wordsOf(error)}`, cutOff: true }
  const asked = `WhatsApp answered what the message had to ask first with error ${code}`
  if (fate.kind === 'later' && !PATIENCE.has(code))
    return { kind: 'retry', reason: `not sent: ${wordsOf(error)}` }
  return outcomeOf(fate, asked)
}

/** The server's code, which Baileys throws along as a number or as the node it came in; 0 when the server did not answer. */
function answerIn(error: unknown): number {
  const given = error instanceof Error && 'data' in error ? error.data : undefined
  if (typeof given === 'number') return given
  if (typeof given !== 'object' || given === null || !('attrs' in given)) return 0
  return Number((given as BinaryNode).attrs.code ?? 0)
}

const PATIENCE: ReadonlySet<number> = new Set([420, 429])

function unlisted(error: string): Fate {
  if (ACKS[error]?.kind === 'later' || !/^4\d\d$/.test(error)) return LATER
  return { kind: 'final', code: `whatsapp.${Number(error)}` }
}

function outcomeOf(fate: Fate, reason: string): Failed {
  switch (fate.kind) {
    case 'final':
      return { kind: 'refused', code: fate.code, reason }
    case 'few':
      return { kind: 'retry', reason, giveUp: { code: fate.code, afterAttempts: FEW } }
    case 'later':
      return { kind: 'retry', reason, patient: true }
  }
}

function isGroup(chat: ChatId): boolean {
  return kindOfChat(chat) === 'group'
}
