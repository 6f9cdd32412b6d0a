import { instantOfId } from '../../lib/ids.ts'
import type { DecisionRecord, DecisionRequest } from '../../model/decision.ts'
import { explanationJson } from '../../policy/decide/explanation.ts'
import { type RequestWords, requestOf, wordsOf } from '../../policy/decide/words.ts'
import type { PolicySnapshot } from '../../policy/snapshot.ts'
import { assess } from '../../policy/tests/assess.ts'
import { type Answer, invalid, json, problem } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { bodyReader } from '../schemas/body.ts'
import { EXPLAIN_SCHEMA, RECORDED_SCHEMA, type RecordedBody } from '../schemas/explain.ts'
import { DECISION_LIST } from '../schemas/queries.ts'
import { queryReader } from '../schemas/query.ts'
import { decisionJson } from '../wire/decision.ts'
import { type Route, V1_SITES } from './route.ts'

type ExplainDeps = Pick<HttpDeps, 'store' | 'policies'>

const readWords = bodyReader<RequestWords>(EXPLAIN_SCHEMA)
const readRecorded = bodyReader<RecordedBody>(RECORDED_SCHEMA)
const readList = queryReader(DECISION_LIST)

/** What a request leaves unsaid, as `./postern policy explain` takes it: a recipient of whom nothing is known. */
const UNSAID: Pick<DecisionRequest, 'firstContact' | 'lastInboundAt' | 'consents' | 'optedOut'> = {
  firstContact: false,
  lastInboundAt: 'never',
  consents: [],
  optedOut: false,
}

/** `POST /v1/policy/explain`: how the policy in force decides a request, or how one was decided, and why. */
export function explainRoutes(deps: ExplainDeps): readonly Route[] {
  const access = { kind: 'appliance', action: 'policy.read' } as const
  return [
    {
      method: 'post',
      path: '/v1/policy/explain',
      sites: V1_SITES,
      access,
      handle: call => explain(call, deps),
    },
  ]
}

/** `GET /v1/policy/decisions`, on the control socket alone: recorded decisions name recipients. */
export function decisionRoutes(deps: Pick<HttpDeps, 'store'>): readonly Route[] {
  const access = { kind: 'owner' } as const
  return [
    { method: 'get', path: '/v1/policy/decisions', sites: ['api'], access, handle: call => list(call, deps) },
  ]
}

async function explain(call: Call, deps: ExplainDeps): Promise<Answer> {
  const { body } = call.request
  if (typeof body === 'object' && body !== null && 'decision' in body) {
    const recorded = readRecorded(body)
    return recorded.kind === 'problem' ? recorded : await explainRecorded(call, recorded.value, deps)
  }
  const words = readWords(body ?? {})
  if (words.kind === 'problem') return words
  const { snapshot } = call.policy
  const request = { ...UNSAID, ...requestOf(words.value, call.at) }
  return json(explanationJson(assess(snapshot, request), snapshot.digest))
}

async function explainRecorded(call: Call, { decision }: RecordedBody, deps: ExplainDeps): Promise<Answer> {
  const record = await deps.store.decisions.get(decision)
  if (record === undefined) return problem('not-found', UNKNOWN)
  const { effect, by, reason, revision, request } = record
  const snapshot = await policyOf(record, call, deps)
  const { to, ...words } = wordsOf(request)
  const owner = call.credential.kind === 'local'
  return json({
    ...explanationJson(assess(snapshot, request), snapshot.digest),
    ...{ effect, by, reason, decision: record.id, revision, decided_under: record.digest },
    request: owner && to !== undefined ? { ...words, to } : words,
  })
}

/** The policy that decided, as long as its files are kept; else the one in force. */
async function policyOf(
  { digest }: DecisionRecord,
  { policy }: Call,
  { policies }: ExplainDeps,
): Promise<PolicySnapshot> {
  if (digest === policy.snapshot.digest) return policy.snapshot
  return (await policies.past(digest)) ?? policy.snapshot
}

async function list(call: Call, { store }: Pick<HttpDeps, 'store'>): Promise<Answer> {
  const query = readList(call.request)
  if (query.kind === 'problem') return query
  const { after } = query.value
  const since = new Date(query.value.since ?? 0)
  if (Number.isNaN(since.getTime())) return invalid('since', 'must be an instant')
  if (after !== undefined && instantOfId('dec', after) === undefined)
    return invalid('after', 'must be the cursor that a page gave out')
  const page = await store.decisions.list({ ...query.value, since })
  return json({ data: page.items.map(decisionJson), next: page.next })
}

const UNKNOWN =
  'No decision of this id is kept: they are for a week at most, and refusals without end are not all written down.'
