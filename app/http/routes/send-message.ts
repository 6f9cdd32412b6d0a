import { createHash } from 'node:crypto'
import { parseRecipient } from '../../model/chat.ts'
import { isFile } from '../../model/message.ts'
import type { EnqueueRequest, EnqueueResult } from '../../outbox/enqueue.ts'
import { type Answer, invalid, json, type Parsed, parsed, problem } from '../answer.ts'
import { authorize, couldAllow, may, takeRequestLimits, unknownAccount } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import { type Call, param } from '../hop/call.ts'
import { noteAllowance } from '../limits/allowance.ts'
import { limitProblem } from '../limits/floods.ts'
import type { MessageBody } from '../schemas/message.ts'
import { acceptedJson } from '../wire/message.ts'
import { aroundOf } from './message-around.ts'
import { contentOf, readMessageBody } from './message-body.ts'
import { type Route, V1_SITES } from './route.ts'

export type SendDeps = Pick<HttpDeps, 'enqueue' | 'store' | 'limiter' | 'route' | 'now'>

const ACTION = 'messages.send'
const MAX_KEY_LENGTH = 255

/** `POST /v1/accounts/{account}/messages`: into the outbox, or not at all. */
export function sendRoutes(deps: SendDeps): readonly Route[] {
  return [
    {
      method: 'post',
      path: '/v1/accounts/:account/messages',
      sites: V1_SITES,
      access: { kind: 'itself', action: ACTION },
      handle: call => acceptAndTell(call, parsed<unknown>(call.request.body), deps),
    },
  ]
}

/** What `/v1` answers to a message object, or to what kept it from being read as one. */
export async function acceptAndTell(call: Call, raw: Parsed<unknown>, deps: SendDeps): Promise<Answer> {
  const isMissing = raw.kind === 'parsed' && raw.value === undefined
  const sent = await accept(call, isMissing ? NO_BODY : raw, deps)
  if (sent.kind === 'problem') return sent
  const { message, repeated } = sent.value
  return json(acceptedJson(message), 202, repeated ? { 'Idempotency-Replayed': 'true' } : {})
}

const NO_BODY = problem('malformed', 'A JSON body is needed.')

export type Accepted = Pick<Extract<EnqueueResult, { kind: 'accepted' }>, 'message' | 'repeated'>

/**
 * The one way of a message object from HTTP into the outbox of the account that the path names, whatever API it was written
 * for. `raw` is the object, or what kept it from being read as one.
 */
export async function accept(call: Call, raw: Parsed<unknown>, deps: SendDeps): Promise<Parsed<Accepted>> {
  const account = param(call, 'account')
  const unknown = unknownAccount(call, account)
  if (unknown !== undefined) return (await authorize(call, ACTION, { account }, deps)) ?? unknown
  const request = raw.kind === 'problem' ? raw : readRequest(call, account, raw.value)
  if (request.kind === 'problem') return (await takeRequestLimits(call, deps)) ?? request
  const { recipient, content } = request.value
  const template = content.type === 'template' ? { template: content.template.name } : {}
  const touched = {
    account,
    to: recipient.chat,
    recipientKind: recipient.kind,
    type: content.type,
    ...template,
  }
  // A refusal by the access rules is told before one by a limit; `enqueue` decides again and records it.
  const refused = isFile(content)
    ? !couldAllow(call, ACTION, touched)
    : may(call, ACTION, touched).effect === 'deny'
  const limited = refused ? undefined : await takeRequestLimits(call, deps)
  if (limited !== undefined) return limited
  const result = await deps.enqueue(request.value)
  if (result.kind === 'accepted') noteAllowance(call.request, result.left)
  return acceptedOf(result)
}

function acceptedOf(result: EnqueueResult): Parsed<Accepted> {
  switch (result.kind) {
    case 'accepted':
      return parsed({ message: result.message, repeated: result.repeated })
    case 'denied':
      return problem('denied', result.decision.reason, { decision: result.decisionId })
    case 'limited':
      return limitProblem(result.limit, result.retryAfterMs, result.decisionId)
    case 'unfit':
      return invalid(result.path, result.message)
    case 'past':
      return invalid('$.expires_at', 'is past already')
    case 'key-reused':
      return problem(
        'idempotency-key-reused',
        'This Idempotency-Key came with another request before; use a new one.',
      )
  }
}

function readRequest(call: Call, account: string, raw: unknown): Parsed<EnqueueRequest> {
  const key = readKey(call)
  if (key.kind === 'problem') return key
  const body = readMessageBody(raw)
  if (body.kind === 'problem') return body
  const { to, purpose, biz_opaque_callback_data: callbackData } = body.value
  const { templates, phoneRule } = call.policy.snapshot
  const content = contentOf(body.value, templates)
  if (content.kind === 'problem') return content
  const recipient = parseRecipient(to, phoneRule)
  if (recipient === undefined) return NO_RECIPIENT
  const around = aroundOf(body.value, recipient.kind, phoneRule)
  if (around.kind === 'problem') return around
  const times = readTimes(body.value)
  if (times.kind === 'problem') return times
  return parsed({
    actor: call.actor,
    account,
    recipient,
    content: { ...content.value, ...around.value.around },
    ...around.value.shown,
    bodyDigest: digestOf(account, raw),
    ...key.value,
    ...times.value,
    ...(callbackData === undefined ? {} : { callbackData }),
    ...(purpose === undefined ? {} : { purpose }),
  })
}

const NO_RECIPIENT = problem(
  'invalid-recipient',
  '$.to must be a phone number in international form, with or without +, or a WhatsApp id.',
  { errors: [{ path: '$.to', message: 'must be a phone number in international form, or a WhatsApp id' }] },
)

function readKey(call: Call): Parsed<{ idempotencyKey?: string }> {
  const key = call.request.get('idempotency-key')
  if (key === undefined) return parsed({})
  if (key !== '' && key.length <= MAX_KEY_LENGTH) return parsed({ idempotencyKey: key })
  return problem('malformed', `Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} characters.`)
}

function readTimes(body: MessageBody): Parsed<{ sendAt?: Date; expiresAt?: Date }> {
  const sendAt = body.send_at === undefined ? undefined : new Date(body.send_at)
  const expiresAt = body.expires_at === undefined ? undefined : new Date(body.expires_at)
  if (isNone(sendAt)) return invalid('$.send_at', LEAP_SECOND)
  if (isNone(expiresAt)) return invalid('$.expires_at', LEAP_SECOND)
  if (sendAt !== undefined && expiresAt !== undefined && expiresAt <= sendAt) {
    return invalid('$.expires_at', 'must come after $.send_at')
  }
  return parsed({
    ...(sendAt === undefined ? {} : { sendAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  })
}

/** The schema lets leap seconds through, and JavaScript has no such instant. */
const LEAP_SECOND = 'must be an instant that exists in every year: leap seconds are not known here'

function isNone(instant: Date | undefined): boolean {
  return Number.isNaN(instant?.getTime())
}

/** The same for the same request, however its members are ordered and spaced. */
function digestOf(account: string, body: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([account, sorted(body)]))
    .digest('hex')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => [name, sorted(member)])
}
