import { OWN_MESSAGE, type ReviewOutcome } from '../../outbox/review.ts'
import { type Answer, json, type Parsed, problem } from '../answer.ts'
import type { AuthorizeDeps } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { limitProblem } from '../limits/floods.ts'
import { bodyReader } from '../schemas/body.ts'
import { APPROVE_SCHEMA, type ApproveBody, REJECT_SCHEMA, type RejectBody } from '../schemas/review.ts'
import { messageJson } from '../wire/message.ts'
import { findMessage, UNKNOWN_MESSAGE } from './find-message.ts'
import { type Route, V1_SITES } from './route.ts'

type ReviewRouteDeps = AuthorizeDeps & Pick<HttpDeps, 'review'>

/** What somebody says of a held message. */
type Verdict =
  | { readonly verdict: 'approve'; readonly reason?: string }
  | { readonly verdict: 'reject'; readonly reason: string }

const ACTION = 'messages.approve'
const readApprove = bodyReader<ApproveBody>(APPROVE_SCHEMA)
const readReject = bodyReader<RejectBody>(REJECT_SCHEMA)

/** What is held goes on or ends, as somebody says who may approve it and has not asked for it. */
export function reviewRoutes(deps: ReviewRouteDeps): readonly Route[] {
  const route = (verdict: Verdict['verdict'], read: (body: unknown) => Parsed<Verdict>): Route => ({
    method: 'post',
    path: `/v1/accounts/:account/messages/:id/${verdict}`,
    sites: V1_SITES,
    access: { kind: 'itself', action: ACTION },
    handle: call => review(call, read, deps),
  })
  return [route('approve', approval), route('reject', rejection)]
}

function approval(body: unknown): Parsed<Verdict> {
  const read = readApprove(body)
  return read.kind === 'problem' ? read : { kind: 'parsed', value: { verdict: 'approve', ...read.value } }
}

function rejection(body: unknown): Parsed<Verdict> {
  const read = readReject(body)
  return read.kind === 'problem' ? read : { kind: 'parsed', value: { verdict: 'reject', ...read.value } }
}

async function review(
  call: Call,
  read: (body: unknown) => Parsed<Verdict>,
  deps: ReviewRouteDeps,
): Promise<Answer> {
  const found = await findMessage(call, ACTION, deps)
  if ('answer' in found) return found.answer
  const body = read(call.request.body ?? {})
  if (body.kind === 'problem') return body
  const { account, id } = found.message
  return answerTo(await deps.review({ actor: call.actor, account, id, ...body.value }))
}

function answerTo(outcome: ReviewOutcome): Answer {
  switch (outcome.kind) {
    case 'done':
      return json(messageJson(outcome.message))
    case 'limited':
      return limitProblem(outcome.limit, outcome.retryAfterMs, outcome.decisionId)
    case 'own':
      return problem('denied', OWN_MESSAGE, { decision: outcome.decisionId })
    case 'unknown':
      return UNKNOWN_MESSAGE
    case 'too-late':
      return problem('conflict', `The message is ${outcome.status} already; only a held one can be reviewed.`)
  }
}
