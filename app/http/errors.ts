import { PosternError } from '../lib/error.ts'
import { type Problem, problem } from './answer.ts'

/** The single table from a problem's stable word to its HTTP status and title. */
const PROBLEMS = {
  malformed: [400, 'The request cannot be read'],
  unauthenticated: [401, 'Who asks is not known'],
  denied: [403, 'The policy refuses this'],
  'cross-site': [403, 'Not from another site'],
  'not-found': [404, 'There is no such thing here'],
  'method-not-allowed': [405, 'This method is not for this path'],
  'not-acceptable': [406, 'None of the accepted media types can be given'],
  'too-slow': [408, 'The body did not come in time'],
  conflict: [409, 'Not in this state'],
  'already-linked': [409, 'The account is linked already'],
  'whatsapp-refused': [409, 'WhatsApp refuses this'],
  gone: [410, 'What was asked for is no longer kept'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body has a media type that is not read here'],
  invalid: [422, 'The request is not valid'],
  'invalid-recipient': [422, 'The recipient is no number, group or chat'],
  'unsupported-type': [422, 'This version does not send this type of message'],
  'idempotency-key-reused': [422, 'The idempotency key belongs to another request'],
  limited: [429, 'Too many requests'],
  blocked: [429, 'Too many failed attempts'],
  internal: [500, 'Something went wrong here'],
  'not-ready': [503, 'Not ready'],
  'not-connected': [503, 'The account is not connected'],
  'whatsapp-silent': [503, 'WhatsApp does not answer'],
  'disk-full': [503, 'The disk has no room'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemCode = keyof typeof PROBLEMS

export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[]

const RETRY_AFTER_S = '30'

/** Which of our own errors mean something to a caller. Every other is 500 and says nothing. */
const OWN_ERRORS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  'http.broken_body': ['malformed', 'The body broke off, or is no form that can be read.'],
  'store.full': ['disk-full', 'The disk is full; nothing is accepted until there is room.'],
  'store.nearly_full': ['disk-full', 'The disk is nearly full; nothing new is sent until there is room.'],
  'store.busy': ['not-ready', 'The store is busy; try again in a moment.'],
  'store.io': ['not-ready', 'The disk fails; nothing new is accepted until it works again.'],
  'store.writer_died': ['not-ready', 'The store is down; the appliance must start again.'],
  'store.closed': ['not-ready', 'The appliance is stopping.'],
  'store.cursor_removed': [
    'gone',
    'Events behind this cursor are no longer kept; begin without one, and "oldest" says what is missing.',
  ],
  'store.bad_cursor': ['invalid', 'The cursor is not one that this list gave out.'],
}

export function statusOf(code: ProblemCode): number {
  return PROBLEMS[code][0]
}

/** Where the API of the path comes from elsewhere: what does not fit a schema is as bad there as what cannot be read. */
export function compatibleStatusOf(code: ProblemCode): number {
  const status = statusOf(code)
  return status === 422 ? 400 : status
}

export function titleOf(code: ProblemCode): string {
  return PROBLEMS[code][1]
}

/** The members of an `application/problem+json` body. */
export function problemBody(problem: Problem, request: { id: string; path: string }): object {
  const [status, title] = PROBLEMS[problem.code]
  return {
    type: `urn:postern:problem:${problem.code}`,
    title,
    status,
    detail: problem.detail,
    instance: request.path,
    code: problem.code,
    request_id: request.id,
    ...(problem.decision === undefined ? {} : { decision: problem.decision }),
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
  }
}

/** Turns anything thrown into a problem. Only what is listed here explains itself; the rest is `internal`. */
export function problemOf(error: unknown): Problem {
  if (error instanceof PosternError) {
    const known = OWN_ERRORS[error.code]
    return known === undefined ? INTERNAL : problem(known[0], known[1], retryOf(known[0]))
  }
  return parserProblem(error) ?? INTERNAL
}

/** A service that is out of order for a while says when to ask again. */
function retryOf(code: ProblemCode): Pick<Problem, 'headers'> {
  return statusOf(code) === 503 ? { headers: { 'Retry-After': RETRY_AFTER_S } } : {}
}

const INTERNAL = problem('internal', 'Something went wrong here. The log has more under this request id.')

/** Express and its body parser mark their errors with a status and a type. */
function parserProblem(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined
  const type = 'type' in error ? error.type : undefined
  if (type === 'entity.parse.failed') return problem('malformed', 'The body is not valid JSON.')
  if (error.status === 413) return problem('too-large', 'The body is larger than the policy allows.')
  if (type === 'encoding.unsupported') {
    return problem('unsupported-media-type', 'A compressed body is not read here; send it plain.')
  }
  if (error.status === 415) return problem('unsupported-media-type', 'The body must be JSON in UTF-8.')
  if (error.status >= 400 && error.status < 500) return problem('malformed', 'The request cannot be read.')
  return undefined
}
