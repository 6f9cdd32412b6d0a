import { type Answer, json } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { POLICY_HISTORY } from '../schemas/queries.ts'
import { queryReader } from '../schemas/query.ts'
import { entryJson, statusJson } from '../wire/policy.ts'
import { type Route, V1_SITES } from './route.ts'

type PolicyRouteDeps = Pick<HttpDeps, 'policies' | 'store'>

const readHistory = queryReader(POLICY_HISTORY)

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
  const query = readHistory(call.request)
  if (query.kind === 'problem') return query
  const page = await store.policies.history(query.value)
  return json({ data: page.items.map(entryJson), next: page.next })
}
