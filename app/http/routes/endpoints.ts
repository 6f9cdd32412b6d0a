import type { Endpoint } from '../../policy/snapshot.ts'
import { type Answer, json, type Problem, problem } from '../answer.ts'
import { authorize, authorizeAny, may } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import { type Call, param } from '../hop/call.ts'
import { bodyReader } from '../schemas/body.ts'
import { EMPTY_SCHEMA } from '../schemas/link.ts'
import { endpointJson, tryOutJson } from '../wire/endpoint.ts'
import { type Route, V1_SITES } from './route.ts'

type EndpointDeps = Pick<HttpDeps, 'store' | 'limiter' | 'route' | 'now' | 'endpoints' | 'tryEndpoint'>

const ACTION = 'webhooks.replay'
const UNKNOWN = problem('not-found', 'There is no endpoint of this name.')
const readEmpty = bodyReader<object>(EMPTY_SCHEMA)

/** Endpoints: what they are like, and what people do when one was down. */
export function endpointRoutes(deps: EndpointDeps): readonly Route[] {
  const sites = V1_SITES
  const itself = { kind: 'itself', action: ACTION } as const
  return [
    {
      method: 'get',
      path: '/v1/endpoints',
      sites,
      access: { kind: 'any-account', action: 'webhooks.read' },
      handle: call => list(call, deps),
    },
    {
      method: 'post',
      path: '/v1/endpoints/:name/test',
      sites,
      access: itself,
      handle: call => withEndpoint(call, deps, endpoint => tryOut(call, endpoint, deps)),
    },
    {
      method: 'post',
      path: '/v1/endpoints/:name/enable',
      sites,
      access: itself,
      handle: call => withEndpoint(call, deps, endpoint => enable(call, endpoint, deps)),
    },
  ]
}

/** An endpoint for certain accounts is shown to those who may ask about one of them; its address is their business alone. */
async function list(call: Call, { store, endpoints }: EndpointDeps): Promise<Answer> {
  const mayAskAbout = (account: string) => may(call, 'webhooks.read', { account }).effect === 'allow'
  const visible = [...call.policy.snapshot.endpoints.values()].filter(
    ({ accounts }) => accounts === undefined || [...accounts].some(mayAskAbout),
  )
  const counts = await store.deliveries.counts()
  const data = visible.map(endpoint =>
    endpointJson(endpoint, {
      ...endpoints.get(endpoint.name),
      ...(counts.get(endpoint.name) ?? { pending: 0, dead: 0 }),
      at: call.at,
    }),
  )
  return json({ data, next: null })
}

async function tryOut(
  call: Call,
  endpoint: Endpoint,
  { store, now, tryEndpoint }: EndpointDeps,
): Promise<Answer> {
  const tried = await tryEndpoint(endpoint)
  const detail = { taken: tried.taken, event: tried.eventId }
  const what = { action: 'endpoint.test', target: endpoint.name, decision: 'done', detail } as const
  await store.audit.append([{ ...call.actor, at: now(), ...what }])
  return json(tryOutJson(tried))
}

async function enable(call: Call, { name }: Endpoint, { endpoints }: EndpointDeps): Promise<Answer> {
  const changed = await endpoints.enable(name, call.actor)
  if (!changed) return problem('conflict', 'The endpoint is enabled and its breaker is closed.')
  return json({ name, state: 'enabled' })
}

/** Once the policy has agreed to the action on every account whose events the endpoint gets: it concerns all of them. */
async function withEndpoint(
  call: Call,
  deps: EndpointDeps,
  act: (endpoint: Endpoint) => Promise<Answer>,
): Promise<Answer> {
  const endpoint = call.policy.snapshot.endpoints.get(param(call, 'name'))
  if (endpoint === undefined) return (await authorizeAny(call, ACTION, deps)) ?? UNKNOWN
  const refused = await authorizeAll(call, endpoint, deps)
  if (refused !== undefined) return refused
  const body = readEmpty(call.request.body ?? {})
  return body.kind === 'problem' ? body : await act(endpoint)
}

async function authorizeAll(
  call: Call,
  { accounts }: Endpoint,
  deps: EndpointDeps,
): Promise<Problem | undefined> {
  const touched = accounts === undefined ? [{}] : [...accounts].map(account => ({ account }))
  const refusing =
    touched.find(resource => may(call, ACTION, resource).effect !== 'allow') ?? touched[0] ?? {}
  return await authorize(call, ACTION, refusing, deps)
}
