import type { Delivery, DeliveryStatus } from '../../store/deliveries.ts'
import { type Answer, json, problem } from '../answer.ts'
import { authorize, authorizeAny, may } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import { type Call, param } from '../hop/call.ts'
import { readLimit, readQuery, readWord } from '../schemas/query.ts'
import { deliveryJson, endpointJson } from '../wire/webhook.ts'
import { type Route, V1_SITES } from './route.ts'

type WebhookDeps = Pick<HttpDeps, 'store' | 'limiter' | 'now'>

const STATUSES = ['pending', 'delivered', 'dead'] as const satisfies DeliveryStatus[]
const UNKNOWN = problem('not-found', 'There is no delivery of this id.')

/** Endpoints and what is owed to them. */
export function webhookRoutes(deps: WebhookDeps): readonly Route[] {
  const sites = V1_SITES
  const reading = { kind: 'any-account', action: 'webhooks.read' } as const
  const itself = { kind: 'itself' } as const
  return [
    { method: 'get', path: '/v1/endpoints', sites, access: reading, handle: endpoints },
    { method: 'get', path: '/v1/deliveries', sites, access: reading, handle: call => list(call, deps) },
    { method: 'get', path: '/v1/deliveries/:id', sites, access: itself, handle: call => show(call, deps) },
    {
      method: 'post',
      path: '/v1/deliveries/:id/replay',
      sites,
      access: itself,
      handle: call => replay(call, deps),
    },
  ]
}

/** An endpoint for certain accounts is shown to those who may ask about one of them; its address is their business alone. */
function endpoints(call: Call): Answer {
  const mayAskAbout = (account: string) => may(call, 'webhooks.read', { account }).effect === 'allow'
  const visible = [...call.policy.snapshot.endpoints.values()].filter(
    ({ accounts }) => accounts === undefined || [...accounts].some(mayAskAbout),
  )
  return json({ data: visible.map(endpointJson), next: null })
}

async function list(call: Call, { store }: WebhookDeps): Promise<Answer> {
  const query = readQuery(call.request, ['endpoint', 'status', 'before', 'limit'])
  if (query.kind === 'problem') return query
  const status = readWord('status', query.value.status, STATUSES)
  if (status.kind === 'problem') return status
  const limit = readLimit(query.value.limit)
  if (limit.kind === 'problem') return limit
  const { endpoint, before } = query.value
  const page = await store.deliveries.list({
    limit: limit.value,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(status.value === undefined ? {} : { status: status.value }),
    ...(before === undefined ? {} : { before }),
  })
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
