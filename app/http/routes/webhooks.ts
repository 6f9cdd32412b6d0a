import type { Delivery, ReplayRange } from '../../store/deliveries.ts'
import { type Answer, invalid, json, problem } from '../answer.ts'
import { authorize, authorizeAny, may } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import { type Call, param } from '../hop/call.ts'
import { bodyReader } from '../schemas/body.ts'
import { DELIVERY_LIST } from '../schemas/queries.ts'
import { queryReader } from '../schemas/query.ts'
import { REPLAY_SCHEMA, type ReplayBody } from '../schemas/replay.ts'
import { deliveryJson } from '../wire/webhook.ts'
import { type Route, V1_SITES } from './route.ts'

type WebhookDeps = Pick<HttpDeps, 'store' | 'limiter' | 'route' | 'now'>

const readList = queryReader(DELIVERY_LIST)
const readReplay = bodyReader<ReplayBody>(REPLAY_SCHEMA)
const UNKNOWN = problem('not-found', 'There is no delivery of this id.')

/** What is owed to endpoints. */
export function webhookRoutes(deps: WebhookDeps): readonly Route[] {
  const sites = V1_SITES
  const reading = { kind: 'any-account', action: 'webhooks.read' } as const
  const itself = (action: string) => ({ kind: 'itself', action }) as const
  return [
    { method: 'get', path: '/v1/deliveries', sites, access: reading, handle: call => list(call, deps) },
    // Before the paths with an id, so that the word is not taken for one.
    {
      method: 'post',
      path: '/v1/deliveries/replay',
      sites,
      access: { kind: 'any-account', action: 'webhooks.replay' },
      handle: call => replayRange(call, deps),
    },
    {
      method: 'get',
      path: '/v1/deliveries/:id',
      sites,
      access: itself('webhooks.read'),
      handle: call => show(call, deps),
    },
    {
      method: 'post',
      path: '/v1/deliveries/:id/replay',
      sites,
      access: itself('webhooks.replay'),
      handle: call => replay(call, deps),
    },
  ]
}

async function list(call: Call, { store }: WebhookDeps): Promise<Answer> {
  const query = readList(call.request)
  if (query.kind === 'problem') return query
  const page = await store.deliveries.list(query.value)
  const visible = page.items.filter(one => may(call, 'webhooks.read', touchedBy(one)).effect === 'allow')
  return json({ data: visible.map(deliveryJson), next: page.next })
}

async function show(call: Call, deps: WebhookDeps): Promise<Answer> {
  const found = await find(call, 'webhooks.read', deps)
  return 'answer' in found ? found.answer : json(deliveryJson(found.delivery))
}

async function replay(call: Call, deps: WebhookDeps): Promise<Answer> {
  const found = await find(call, 'webhooks.replay', deps)
  if ('answer' in found) return found.answer
  const { id, endpoint } = found.delivery
  if (!call.policy.snapshot.endpoints.has(endpoint)) {
    return problem('conflict', `The policy declares no endpoint "${endpoint}" any more.`)
  }
  const at = deps.now()
  const audit = {
    ...call.actor,
    at,
    action: 'webhooks.replay',
    target: id,
    decision: 'done',
    detail: { endpoint },
  } as const
  const done = await deps.store.deliveries.replay(id, at, { audit: [audit] })
  if (!done) return problem('conflict', 'The delivery is pending already.')
  const delivery = (await deps.store.deliveries.get(id)) ?? found.delivery
  return json(deliveryJson(delivery), 202)
}

/** Everything of one endpoint that matches and whose event is of an account that the caller may replay. */
async function replayRange(call: Call, { store, now }: WebhookDeps): Promise<Answer> {
  const body = readReplay(call.request.body)
  if (body.kind === 'problem') return body
  const { endpoint, status = 'dead', from, to } = body.value
  if (!call.policy.snapshot.endpoints.has(endpoint)) {
    return invalid('$.endpoint', 'is no endpoint that the policy declares')
  }
  const range: ReplayRange = {
    endpoint,
    status,
    ...accountsOf(call),
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(to === undefined ? {} : { to: new Date(to) }),
  }
  const at = now()
  const detail = { status, from: from ?? null, to: to ?? null }
  const entry = {
    ...call.actor,
    at,
    action: 'webhooks.replay',
    target: endpoint,
    decision: 'done',
    detail,
  } as const
  let { count: replayed, next } = await store.deliveries.replayRange(range, at, { audit: [entry] })
  while (next !== undefined) {
    const part = await store.deliveries.replayRange({ ...range, after: next }, at)
    replayed += part.count
    next = part.next
  }
  return json({ endpoint, status, replayed }, 202)
}

/** Nothing when every account will do, those of the policy and those it no longer names. */
function accountsOf(call: Call): Pick<ReplayRange, 'accounts'> {
  const allowed = (resource: { account?: string }) =>
    may(call, 'webhooks.replay', resource).effect === 'allow'
  const names = [...call.policy.snapshot.accounts.keys()]
  const accounts = names.filter(account => allowed({ account }))
  if (!allowed({})) return { accounts }
  return accounts.length === names.length ? {} : { accounts: [...accounts, null] }
}

/** The delivery that the path names, once the policy has agreed to this action on its account. */
async function find(
  call: Call,
  action: string,
  deps: WebhookDeps,
): Promise<{ delivery: Delivery } | { answer: Answer }> {
  const delivery = await deps.store.deliveries.get(param(call, 'id'))
  const refused =
    delivery === undefined
      ? await authorizeAny(call, action, deps)
      : await authorize(call, action, touchedBy(delivery), deps)
  if (refused !== undefined) return { answer: refused }
  return delivery === undefined ? { answer: UNKNOWN } : { delivery }
}

function touchedBy(delivery: Delivery): { account?: string } {
  return delivery.event.account === undefined ? {} : { account: delivery.event.account }
}
