import type { Problem } from '../../answer.ts'
import { compatibleStatusOf, type ProblemCode } from '../../errors.ts'
import type { Written } from '../dialect.ts'

/** Meta's number for a kind of error and the words that stand with it. */
type Kind = readonly [code: number, title: string]

const PARAMETER: Kind = [100, 'Invalid parameter']
const MISSING: Kind = [131008, 'Required parameter is missing']
const VALUE: Kind = [131009, 'Parameter value is not valid']
const NO_TEMPLATE: Kind = [132001, 'Template does not exist']
const PARAMETER_COUNT: Kind = [132000, 'Number of parameters does not match the expected number of params']
const PARAMETER_FORMAT: Kind = [132012, 'Template parameter format mismatch']
const PERMISSION: Kind = [10, 'Application does not have permission for this action']
const NO_SUCH_OBJECT: Kind = [100, 'Unsupported request: object does not exist or cannot be seen']
const UNAVAILABLE: Kind = [131016, 'Service unavailable']
const WRONG_STATE: Kind = [131000, 'Something went wrong']

const KINDS: Readonly<Record<ProblemCode, Kind>> = {
  malformed: PARAMETER,
  unauthenticated: [190, 'Invalid OAuth access token'],
  denied: PERMISSION,
  'cross-site': PERMISSION,
  'not-found': NO_SUCH_OBJECT,
  'method-not-allowed': NO_SUCH_OBJECT,
  'not-acceptable': PARAMETER,
  'too-slow': PARAMETER,
  conflict: WRONG_STATE,
  'already-linked': WRONG_STATE,
  'whatsapp-refused': [131026, 'Message undeliverable'],
  gone: [131052, 'Media download error'],
  'too-large': PARAMETER,
  'unsupported-media-type': PARAMETER,
  invalid: VALUE,
  'invalid-recipient': VALUE,
  'unsupported-type': [131051, 'Unsupported message type'],
  'idempotency-key-reused': PARAMETER,
  limited: [130429, 'Rate limit hit'],
  blocked: [4, 'Too many calls'],
  internal: WRONG_STATE,
  'not-ready': UNAVAILABLE,
  'not-connected': UNAVAILABLE,
  'whatsapp-silent': UNAVAILABLE,
  'disk-full': UNAVAILABLE,
}

/** Meta's subcode for an object that is not there. */
const NOT_THERE = { error_subcode: 33 }

/**
 * A problem as Graph API tells it: the status stays but for 422, which is 400 there, `fbtrace_id` is our request id, and
 * `error_data.details` our sentence.
 */
export function graphProblem(problem: Problem, requestId: string): Written {
  const [code, title] = kindOf(problem)
  const error = {
    message: `(#${code}) ${title}`,
    type: 'OAuthException',
    code,
    ...(problem.code === 'not-found' ? NOT_THERE : {}),
    error_data: { messaging_product: 'whatsapp', details: detailsOf(problem) },
    fbtrace_id: requestId,
  }
  return {
    status: compatibleStatusOf(problem.code),
    mediaType: 'application/json',
    body: JSON.stringify({ error }),
  }
}

/** What is wrong with a body has several numbers at Meta. */
function kindOf({ code, errors = [] }: Problem): Kind {
  const [first] = errors
  if (code !== 'invalid' || first === undefined) return KINDS[code]
  const isMissing = first.message === 'is missing'
  if (/^\$\.template\.(parameters|components)/.test(first.path))
    return isMissing ? PARAMETER_COUNT : PARAMETER_FORMAT
  if (isMissing) return MISSING
  return /^\$\.template\.(name|language)$/.test(first.path) ? NO_TEMPLATE : VALUE
}

function detailsOf({ detail, decision }: Problem): string {
  return decision === undefined ? detail : `${detail} (${decision})`
}
