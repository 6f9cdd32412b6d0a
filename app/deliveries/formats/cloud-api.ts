import { kindOfChat, waIdOf } from '../../model/chat.ts'
import type { Json, JsonObject } from '../../model/event.ts'
import { graphContent, UNTELLABLE } from './cloud-api-content.ts'
import type { Surroundings, Tellable } from './tellable.ts'

/** The statuses of an outgoing message, by the event that tells of each. */
const STATUSES: Readonly<Record<string, string>> = {
  'message.sent': 'sent',
  'message.delivered': 'delivered',
  'message.read': 'read',
  'message.played': 'played',
  'message.failed': 'failed',
}

/** Meta's number for why a message failed, where it has one. */
const FAILURES: Readonly<Record<string, readonly [code: number, title: string]>> = {
  'recipient.not_on_whatsapp': [131026, 'Message undeliverable'],
  'recipient.unreachable': [131026, 'Message undeliverable'],
  'recipient.forbidden': [131026, 'Message undeliverable'],
  'account.restricted': [368, 'Temporarily blocked for policies violations'],
  denied: [10, 'Permission denied'],
  'hold.rejected': [10, 'Permission denied'],
}
const FAILED = [131000, 'Something went wrong'] as const

/** An event as Cloud API's webhooks tell it: the account's name stands for the ids of phone number and business account. */
export function cloudApiBody(event: Tellable, data: JsonObject, about: Surroundings): JsonObject {
  const { account = '' } = event
  const metadata = {
    display_phone_number: about.phone === undefined ? '' : waIdOf(about.phone),
    phone_number_id: account,
  }
  const { field, value } = changeOf(event, data, about)
  const change = { value: { messaging_product: 'whatsapp', metadata, ...value }, field }
  return { object: 'whatsapp_business_account', entry: [{ id: account, changes: [change] }] }
}

type Change = { readonly field: string; readonly value: JsonObject }

function changeOf(event: Tellable, data: JsonObject, { name = '' }: Surroundings): Change {
  if (event.type === 'endpoint.test') return { field: 'messages', value: {} }
  const isEcho = data.origin === 'phone' || (data.direction === 'out' && STATUSES[event.type] === undefined)
  if (isEcho) return { field: 'smb_message_echoes', value: { message_echoes: [messageOf(event, data)] } }
  if (STATUSES[event.type] !== undefined)
    return { field: 'messages', value: { statuses: [statusOf(event, data)] } }
  const contacts = [{ profile: { name }, wa_id: idOf(data.from) }]
  return { field: 'messages', value: { contacts, messages: [messageOf(event, data)] } }
}

function messageOf(event: Tellable, data: JsonObject): JsonObject {
  const isGroup = kindOfChat(event.chat ?? '') === 'group'
  return {
    from: idOf(data.from),
    ...(data.to === undefined || isGroup ? {} : { to: idOf(data.to) }),
    ...(isGroup ? { group_id: idOf(data.chat) } : {}),
    id: data.message_id ?? '',
    timestamp: secondsOf(event, data),
    ...contextOf(data),
    ...saidBy(event, data),
  }
}

function saidBy({ type }: Tellable, data: JsonObject): JsonObject {
  const original = { original_message_id: data.message_id ?? '' }
  switch (type) {
    case 'message.edited':
      return { type: 'edit', edit: { ...original, message: { ...contextOf(data), ...graphContent(data) } } }
    case 'message.revoked':
      return { type: 'revoke', revoke: original }
    case 'poll.vote':
      return voteOf(data)
    default:
      return graphContent(data)
  }
}

/** Cloud API has no polls, but buttons, of which one is pressed; what else can be done with a poll it has no word for. */
function voteOf({ vote }: JsonObject): JsonObject {
  const { options, message_id: id } = objectOf(vote)
  const [title, another] = Array.isArray(options) ? (options as readonly Json[]) : []
  if (typeof title !== 'string' || another !== undefined || id === undefined) return UNTELLABLE
  return {
    context: { id },
    type: 'interactive',
    interactive: { type: 'button_reply', button_reply: { id: title, title } },
  }
}

function contextOf({ context, forwarding_score: score }: JsonObject): JsonObject {
  const { message_id: id } = objectOf(context)
  const passedOn = typeof score === 'number' && score > 0
  if (id === undefined && !passedOn) return {}
  return {
    context: {
      ...(id === undefined ? {} : { id }),
      ...(passedOn ? { [score > 4 ? 'frequently_forwarded' : 'forwarded']: true } : {}),
    },
  }
}

/** In a group each participant has a status; the recipient is the group all the same. */
function statusOf(event: Tellable, data: JsonObject): JsonObject {
  const isGroup = kindOfChat(event.chat ?? '') === 'group'
  const { participant, biz_opaque_callback_data: callback } = data
  return {
    id: data.message_id ?? '',
    status: STATUSES[event.type] ?? '',
    timestamp: String(Math.floor(event.at.getTime() / 1_000)),
    recipient_id: idOf(data.to),
    ...(isGroup ? { recipient_type: 'group' } : {}),
    ...(participant === undefined ? {} : { recipient_participant_id: idOf(participant) }),
    ...(callback === undefined ? {} : { biz_opaque_callback_data: callback }),
    ...(event.type === 'message.failed' ? { errors: [failureOf(objectOf(data.error))] } : {}),
  }
}

function failureOf({ code = '', message = '' }: JsonObject): JsonObject {
  const [number, title] = FAILURES[String(code)] ?? FAILED
  return { code: number, title, message: title, error_data: { details: `${message} (${code})` } }
}

function secondsOf({ at }: Tellable, { timestamp }: JsonObject): string {
  const said = typeof timestamp === 'string' ? Date.parse(timestamp) : at.getTime()
  return String(Math.floor(said / 1_000))
}

function idOf(chat: Json | undefined): string {
  return typeof chat === 'string' ? waIdOf(chat) : ''
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}
