import { kindOfChat } from '../../../model/chat.ts'
import type { Message } from '../../../model/message.ts'
import { type Answer, invalid, json, type Parsed, parsed } from '../../answer.ts'
import { unknownAccount } from '../../authorize.ts'
import { type Call, param } from '../../hop/call.ts'
import { keepTaken, type MediaDeps } from '../../routes/media.ts'
import type { Route } from '../../routes/route.ts'
import { accept, type SendDeps } from '../../routes/send-message.ts'
import { bodyReader } from '../../schemas/body.ts'
import { sentence, whinselfRoute } from './asking.ts'
import { bytesOfBase64 } from './base64.ts'
import { type FileIn, outlineOf, readWspout } from './message-object.ts'
import { POLL_SCHEMA } from './schema.ts'

const SEND = 'messages.send'

type Deps = SendDeps & MediaDeps

type PollBody = {
  readonly chat: string
  readonly name: string
  readonly optionNames: readonly string[]
  readonly selectableOptionCount?: number
}

const readPoll = bodyReader<PollBody>(POLL_SCHEMA)

/** What is sent: to anybody, to channels, and polls. */
export function whinselfMessageRoutes(deps: Deps): readonly Route[] {
  return [
    whinselfRoute('post wspout', SEND, call => send(call, deps)),
    whinselfRoute('post channelpublish', SEND, call => publish(call, deps)),
    whinselfRoute('post createpoll', SEND, call => poll(call, deps)),
  ]
}

async function send(call: Call, deps: Deps): Promise<Answer> {
  const sent = await accept(call, await messageIn(call, deps), deps)
  return sent.kind === 'problem' ? sent : accepted(sent.value.message, 'accepted')
}

async function publish(call: Call, deps: Deps): Promise<Answer> {
  const body: unknown = call.request.body
  const jid = typeof body === 'object' && body !== null && 'jid' in body ? body.jid : undefined
  const isChannel = typeof jid === 'string' && kindOfChat(jid) === 'channel'
  const message = isChannel
    ? await messageIn(call, deps)
    : invalid('$.jid', 'must be the id of a channel: …@newsletter')
  const sent = await accept(call, message, deps)
  return sent.kind === 'problem' ? sent : accepted(sent.value.message, 'accepted for publication')
}

/** It is in the outbox, which is what is known at that moment; its id is what events will name. */
function accepted({ messageId, content, timeline }: Message, what: string): Answer {
  const { type } = content
  const isHeld = timeline[0]?.status === 'held'
  const kind = `${type.slice(0, 1).toUpperCase()}${type.slice(1)}`
  return sentence(
    isHeld ? `${kind} message waits for approval: ${messageId}` : `${kind} message ${what}: ${messageId}`,
  )
}

async function poll(call: Call, deps: Deps): Promise<Answer> {
  const sent = await accept(call, pollIn(call.request.body), deps)
  if (sent.kind === 'problem') return sent
  const { messageId, createdAt } = sent.value.message
  return json({ ID: messageId, Timestamp: createdAt.toISOString() })
}

function pollIn(raw: unknown): Parsed<object> {
  const body = readPoll(raw ?? {})
  if (body.kind === 'problem') return body
  const { chat: to, name, optionNames: options, selectableOptionCount: selectable_count = 0 } = body.value
  return parsed({ to, type: 'poll', poll: { name, options, selectable_count } })
}

async function messageIn(call: Call, deps: Deps): Promise<Parsed<unknown>> {
  const body = readWspout(call.request.body ?? {})
  if (body.kind === 'problem') return body
  const outline = outlineOf(body.value)
  if (outline.kind === 'problem') return outline
  const { object, file } = outline.value
  if (file === undefined || unknownAccount(call, param(call, 'account')) !== undefined) return parsed(object)
  const id = await uploaded(call, file, deps)
  return id.kind === 'problem' ? id : parsed(withId(object, file, id.value))
}

function withId(object: object, { kind }: FileIn, id: string): object {
  const about: unknown = Reflect.get(object, kind)
  return { ...object, [kind]: { ...Object(about), id } }
}

/** A file within the message is taken in like any upload, and has to be allowed as one. */
async function uploaded(call: Call, { kind, base64, filename }: FileIn, deps: Deps): Promise<Parsed<string>> {
  const bytes = bytesOfBase64(base64, `$.${kind}.b64`)
  if (bytes.kind === 'problem') return bytes
  const { maxUploadBytes } = call.policy.snapshot.edge.limits
  const taken = await deps.library.take(once(bytes.value), maxUploadBytes)
  if (taken.kind === 'refused') return invalid(`$.${kind}.b64`, taken.reason)
  if (taken.kind !== 'taken') return invalid(`$.${kind}.b64`, `is ${taken.kind}`)
  const named = filename === undefined ? {} : { filename }
  const kept = await keepTaken(
    call,
    { account: param(call, 'account'), taken, claimed: undefined, ...named },
    deps,
  )
  return kept.kind === 'problem' ? kept : parsed(kept.value.id)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
