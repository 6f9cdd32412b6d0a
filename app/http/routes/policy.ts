import { type Answer, invalid, json } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { readLimit, readQuery } from '../schemas/query.ts'
import { entryJson, statusJson } from '../wire/policy.ts'
import { type Route, V1_SITES } from './route.ts'

type PolicyRouteDeps = Pick<HttpDeps, 'policies' | 'store'>

/** What is in force and how it came to be. */
export function policyRoutes(deps: PolicyRouteDeps): readonly Route[] {
  const access = { kind: 'appliance', action: 'policy.read' } as const
  const sites = V1_SITES
  return [
    {
      method: 'get',
      path: '/v1/policy',
      sites,
      access,
      handle: async call => json(statusJson(await deps.policies.status(), call.policy)),
    },
    { method: 'get', path: '/v1/policy/history', sites, access, handle: call => history(call, deps) },
  ]
}

async function history(call: Call, { store }: PolicyRouteDeps): Promise<Answer> {
  const query = readQuery(call.request, ['before', 'limit'])
  if (query.kind === 'problem') return query
  const limit = readLimit(query.value.limit)
  if (limit.kind === 'problem') return limit
  const { before } = query.value
  if (before !== undefined && !/^\d{1,15}$/.test(before))
    return invalid('before', 'must be the cursor that a page gave out')
  const page = await store.policies.history({
    limit: limit.value,
    ...(before === undefined ? {} : { before: Number(before) }),
  })
  return json({ data: page.items.map(entryJson), next: page.next })
}
