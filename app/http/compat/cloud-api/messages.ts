import { kindOfChat, waIdOf } from '../../../model/chat.ts'
import type { Message } from '../../../model/message.ts'
import { type Answer, invalid, json, type Parsed, type Problem } from '../../answer.ts'
import { authorize, unknownAccount } from '../../authorize.ts'
import type { HttpDeps } from '../../deps.ts'
import { type Call, param } from '../../hop/call.ts'
import type { Route } from '../../routes/route.ts'
import { accept, type SendDeps } from '../../routes/send-message.ts'
import { markRead, showTyping } from '../../routes/social/chats.ts'
import { bodyReader } from '../../schemas/body.ts'
import { messageObject } from './message-object.ts'
import { READ_SCHEMA } from './schema.ts'

type MessageDeps = SendDeps & Pick<HttpDeps, 'sessions'>

type StatusBody = {
  readonly status: 'read'
  readonly message_id: string
  readonly typing_indicator?: { readonly type: 'text' }
}

const readStatus = bodyReader<StatusBody>(READ_SCHEMA)

/** `POST …/{account}/messages`: a message, or that one has been read. */
export function graphMessageRoutes(deps: MessageDeps): readonly Route[] {
  return [
    {
      method: 'post',
      path: '/graph/:version/:account/messages',
      sites: [],
      access: { kind: 'itself', action: 'messages.send' },
      handle: call => (isStatus(call.request.body) ? tellRead(call, deps) : send(call, deps)),
    },
  ]
}

async function send(call: Call, deps: MessageDeps): Promise<Answer> {
  const { body } = call.request
  const sent = await accept(call, messageObject(body, call.policy.snapshot.templates), deps)
  if (sent.kind === 'problem') return sent
  const { message, repeated } = sent.value
  return json(acceptedJson(message, String(body.to)), 200, repeated ? { 'Idempotency-Replayed': 'true' } : {})
}

/** The id is WhatsApp's own: what webhooks, replies and reactions name as well. */
function acceptedJson({ chat, messageId, timeline }: Message, input: string): object {
  const isHeld = timeline[0]?.status === 'held'
  return {
    messaging_product: 'whatsapp',
    contacts: [{ input, wa_id: waIdOf(chat) }],
    messages: [{ id: messageId, ...(isHeld ? { message_status: 'held_for_quality_assessment' } : {}) }],
  }
}

async function tellRead(call: Call, deps: MessageDeps): Promise<Answer> {
  const found = await messageRead(call, deps)
  if (found.kind === 'problem') return found
  const { message, isTyping } = found.value
  const chat = await deps.store.contacts.nameOf(message.chat)
  const read = await markRead(call, { chat, messages: [message] }, deps)
  if (read.kind === 'problem') return read
  const typing = isTyping ? await showTyping(call, { chat, state: 'composing' }, deps) : read
  return typing.kind === 'problem' ? typing : json({ success: true })
}

type Read = { readonly message: Message; readonly isTyping: boolean }

async function messageRead(call: Call, deps: MessageDeps): Promise<Parsed<Read>> {
  const account = param(call, 'account')
  const unknown = unknownAccount(call, account)
  const body = readStatus(call.request.body)
  const message =
    unknown === undefined && body.kind === 'parsed'
      ? await deps.store.messages.get(account, body.value.message_id)
      : undefined
  const refused = await mayWrite(call, message, deps)
  if (refused !== undefined) return refused
  if (unknown !== undefined) return unknown
  if (body.kind === 'problem') return body
  if (message?.direction !== 'in') return invalid('$.message_id', 'is no message that came in')
  return { kind: 'parsed', value: { message, isTyping: body.value.typing_indicator !== undefined } }
}

async function mayWrite(
  call: Call,
  message: Message | undefined,
  deps: MessageDeps,
): Promise<Problem | undefined> {
  const account = param(call, 'account')
  const touched = message === undefined ? {} : { to: message.chat, recipientKind: kindOfChat(message.chat) }
  return await authorize(call, 'chats.write', { account, ...touched }, deps)
}

function isStatus(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'status' in body
}
