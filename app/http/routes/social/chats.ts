import type { ChatId } from '../../../model/chat.ts'
import type { ChatSettings, Typing } from '../../../model/chat-settings.ts'
import type { Message } from '../../../model/message.ts'
import type { Social } from '../../../whatsapp/social/social.ts'
import { type Answer, invalid, json, type Parsed, parsed } from '../../answer.ts'
import { may } from '../../authorize.ts'
import { type Call, param } from '../../hop/call.ts'
import { bodyReader } from '../../schemas/body.ts'
import { LATEST_FIRST } from '../../schemas/queries.ts'
import { queryReader } from '../../schemas/query.ts'
import {
  CHAT_CHANGE_SCHEMA,
  type ChatChangeBody,
  READ_SCHEMA,
  type ReadBody,
  TYPING_SCHEMA,
  type TypingBody,
} from '../../schemas/social.ts'
import { chatJson } from '../../wire/chat.ts'
import { type Route, V1_SITES } from '../route.ts'
import { chatIn, touchesChat } from './named.ts'
import { act, type SocialDeps } from './whatsapp.ts'

const CHATS = '/v1/accounts/:account/chats'
const ONE = `${CHATS}/:chat`
const WRITE = 'chats.write'
/** So many messages are marked as read where none are named. */
const LATEST = 50
const readList = queryReader(LATEST_FIRST)
const readIds = bodyReader<ReadBody>(READ_SCHEMA)
const readTyping = bodyReader<TypingBody>(TYPING_SCHEMA)
const readChange = bodyReader<ChatChangeBody>(CHAT_CHANGE_SCHEMA)

/** Chats: which there are, what the account sets about them, and what the other side is shown. */
export function chatRoutes(deps: SocialDeps): readonly Route[] {
  const sites = V1_SITES
  const reading = { kind: 'account', action: 'chats.read' } as const
  const access = { kind: 'account', action: WRITE, touches: touchesChat('chat', deps) } as const
  return [
    { method: 'get', path: CHATS, sites, access: reading, handle: call => list(call, deps) },
    { method: 'patch', path: ONE, sites, access, handle: call => change(call, deps) },
    { method: 'post', path: `${ONE}/read`, sites, access, handle: call => read(call, deps) },
    { method: 'put', path: `${ONE}/presence`, sites, access, handle: call => typing(call, deps) },
  ]
}

/** A chat that was under a LID before its number was known is shown once. */
async function list(call: Call, { store }: SocialDeps): Promise<Answer> {
  const query = readList(call.request)
  if (query.kind === 'problem') return query
  const account = param(call, 'account')
  const { items, next } = await store.messages.latest({ account, ...query.value })
  const chats = new Map<ChatId, Message>()
  for (const last of items) {
    const chat = await store.contacts.nameOf(last.chat)
    const isVisible = may(call, 'chats.read', { account, to: chat }).effect === 'allow'
    if (isVisible && !chats.has(chat)) chats.set(chat, last)
  }
  return json({ data: [...chats].map(([chat, last]) => chatJson(last, chat)), next })
}

async function read(call: Call, deps: SocialDeps): Promise<Answer> {
  const chat = await chatIn(call, 'chat', deps)
  if (chat.kind === 'problem') return chat
  const body = readIds(call.request.body ?? {})
  if (body.kind === 'problem') return body
  const messages = await readNamed(call, { chat: chat.value.chat, ids: body.value.message_ids }, deps)
  if (messages.kind === 'problem') return messages
  const done = await markRead(call, { chat: chat.value.chat, messages: messages.value }, deps)
  const ids = messages.value.map(({ messageId }) => messageId)
  return done.kind === 'problem' ? done : json({ chat: chat.value.chat, message_ids: ids })
}

/** Shows those who wrote messages in a chat that these have been read. */
export async function markRead(
  call: Call,
  { chat, messages }: { readonly chat: ChatId; readonly messages: readonly Message[] },
  deps: SocialDeps,
): Promise<Parsed<void>> {
  const count = messages.length
  if (count === 0) return parsed(undefined)
  const deed = { action: WRITE, target: chat, detail: { operation: 'read', count } }
  return await act(call, { deed, question: ({ chats }) => chats.read(messages) }, deps)
}

type Named = { readonly chat: ChatId; readonly ids: readonly string[] | undefined }

/** The messages that came in and are named, or the latest. */
async function readNamed(
  call: Call,
  { chat, ids }: Named,
  { store }: SocialDeps,
): Promise<Parsed<readonly Message[]>> {
  const account = param(call, 'account')
  if (ids === undefined) {
    return parsed((await store.messages.list({ account, chat, direction: 'in', limit: LATEST })).items)
  }
  const found: Message[] = []
  for (const [index, id] of ids.entries()) {
    const message = await store.messages.get(account, id)
    if (message?.chat !== chat || message.direction !== 'in')
      return invalid(`$.message_ids[${index}]`, 'is no message that came in this chat')
    found.push(message)
  }
  return parsed(found)
}

async function typing(call: Call, deps: SocialDeps): Promise<Answer> {
  const chat = await chatIn(call, 'chat', deps)
  if (chat.kind === 'problem') return chat
  const body = readTyping(call.request.body)
  if (body.kind === 'problem') return body
  const { state } = body.value
  const done = await showTyping(call, { chat: chat.value.chat, state }, deps)
  return done.kind === 'problem' ? done : json({ chat: chat.value.chat, state })
}

/** Shows the other side of a chat that somebody is writing or speaking there, or no longer. */
export async function showTyping(
  call: Call,
  { chat, state }: { readonly chat: ChatId; readonly state: Typing },
  deps: SocialDeps,
): Promise<Parsed<void>> {
  const deed = { action: WRITE, target: chat, detail: { operation: state } }
  return await act(call, { deed, question: ({ chats }) => chats.typing(chat, state) }, deps)
}

async function change(call: Call, deps: SocialDeps): Promise<Answer> {
  const named = await chatIn(call, 'chat', deps)
  if (named.kind === 'problem') return named
  const { chat } = named.value
  const body = readChange(call.request.body)
  if (body.kind === 'problem') return body
  const settings = settingsOf(body.value)
  if (settings.kind === 'problem') return settings
  const account = param(call, 'account')
  const [last] = (await deps.store.messages.list({ account, chat, limit: 1 })).items
  const deed = {
    action: WRITE,
    target: chat,
    detail: { operation: 'change', members: Object.keys(body.value) },
  }
  const question = {
    deed,
    question: ({ chats }: Pick<Social, 'chats'>) => chats.change(chat, settings.value, last),
  }
  const done = await act(call, question, deps)
  if (done.kind === 'problem') return done
  const { ephemeral_seconds: seconds } = body.value
  if (seconds !== undefined) await deps.store.messages.setTimer({ account, chat, seconds, at: deps.now() })
  return json({ chat, ...body.value })
}

function settingsOf({
  muted_until: mutedUntil,
  ephemeral_seconds: ephemeralSeconds,
  ...rest
}: ChatChangeBody): Parsed<Partial<ChatSettings>> {
  const until = typeof mutedUntil === 'string' ? new Date(mutedUntil) : mutedUntil
  if (until instanceof Date && Number.isNaN(until.getTime()))
    return invalid('$.muted_until', 'must be an instant that exists')
  return parsed({
    ...rest,
    ...(until === undefined ? {} : { mutedUntil: until }),
    ...(ephemeralSeconds === undefined ? {} : { ephemeralSeconds }),
  })
}
