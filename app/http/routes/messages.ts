import { parseRecipient } from '../../model/chat.ts'
import { type Answer, invalid, json, problem } from '../answer.ts'
import { may, type Resource } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import { type Call, param } from '../hop/call.ts'
import { MESSAGE_LIST } from '../schemas/queries.ts'
import { queryReader } from '../schemas/query.ts'
import { messageJson } from '../wire/message.ts'
import { findMessage, touchedBy, UNKNOWN_MESSAGE } from './find-message.ts'
import { type Route, V1_SITES } from './route.ts'

type MessageDeps = Pick<HttpDeps, 'store' | 'cancel' | 'limiter' | 'route' | 'now'>

const LIST = '/v1/accounts/:account/messages'
const ONE = '/v1/accounts/:account/messages/:id'
const readList = queryReader(MESSAGE_LIST)

/** Messages in both directions: to read, and to take back while they still wait. */
export function messageRoutes(deps: MessageDeps): readonly Route[] {
  const sites = V1_SITES
  const listing = { kind: 'account', action: 'messages.read', touches: chatAsked } as const
  const itself = (action: string) => ({ kind: 'itself', action }) as const
  return [
    { method: 'get', path: LIST, sites, access: listing, handle: call => list(call, deps) },
    { method: 'get', path: ONE, sites, access: itself('messages.read'), handle: call => show(call, deps) },
    {
      method: 'delete',
      path: ONE,
      sites,
      access: itself('messages.send'),
      handle: call => cancel(call, deps),
    },
  ]
}

async function list(call: Call, { store }: MessageDeps): Promise<Answer> {
  const query = readList(call.request)
  if (query.kind === 'problem') return query
  const { chat: given, ...filters } = query.value
  const chat = given === undefined ? undefined : parseRecipient(given, call.policy.snapshot.phoneRule)?.chat
  if (given !== undefined && chat === undefined)
    return invalid('chat', 'must be a phone number or a WhatsApp id')
  const page = await store.messages.list({
    ...filters,
    account: param(call, 'account'),
    ...(chat === undefined ? {} : { chat }),
  })
  const visible = page.items.filter(
    message => may(call, 'messages.read', touchedBy(message)).effect === 'allow',
  )
  return json({ data: visible.map(messageJson), next: page.next })
}

async function show(call: Call, deps: MessageDeps): Promise<Answer> {
  const found = await findMessage(call, 'messages.read', deps)
  return 'answer' in found ? found.answer : json(messageJson(found.message))
}

async function cancel(call: Call, deps: MessageDeps): Promise<Answer> {
  const found = await findMessage(call, 'messages.send', deps)
  if ('answer' in found) return found.answer
  const { account, id } = found.message
  const outcome = await deps.cancel({ actor: call.actor, account, id })
  switch (outcome.kind) {
    case 'cancelled':
      return json(messageJson(outcome.message))
    case 'unknown':
      return UNKNOWN_MESSAGE
    case 'too-late':
      return problem(
        'conflict',
        `The message is ${outcome.status} already; only a queued or held one can be cancelled.`,
      )
  }
}

/** A list of one chat is asked for as that chat, so that a rule about recipients can allow it. */
function chatAsked(call: Call): Resource {
  const { chat } = call.request.query
  const recipient =
    typeof chat === 'string' ? parseRecipient(chat, call.policy.snapshot.phoneRule) : undefined
  return recipient === undefined ? {} : { to: recipient.chat, recipientKind: recipient.kind }
}
