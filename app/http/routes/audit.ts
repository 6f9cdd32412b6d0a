import type { AuditEntry } from '../../model/audit.ts'
import { type Answer, invalid, json } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { readLimit, readQuery } from '../schemas/query.ts'
import { type Route, V1_SITES } from './route.ts'

/** `GET /v1/audit`: the chain, oldest first. It is about the whole appliance, so a right on single accounts is not enough. */
export function auditRoutes({ store }: Pick<HttpDeps, 'store'>): readonly Route[] {
  return [
    {
      method: 'get',
      path: '/v1/audit',
      sites: V1_SITES,
      access: { kind: 'appliance', action: 'audit.read' },
      handle: call => list(call, store),
    },
  ]
}

async function list(call: Call, store: HttpDeps['store']): Promise<Answer> {
  const query = readQuery(call.request, ['after', 'principal', 'action', 'limit'])
  if (query.kind === 'problem') return query
  const limit = readLimit(query.value.limit)
  if (limit.kind === 'problem') return limit
  const { after, principal, action } = query.value
  if (after !== undefined && !/^\d{1,15}$/.test(after))
    return invalid('after', 'must be the number of an entry')
  const page = await store.audit.list({
    limit: limit.value,
    ...(after === undefined ? {} : { after: Number(after) }),
    ...(principal === undefined ? {} : { principal }),
    ...(action === undefined ? {} : { action }),
  })
  return json({ data: page.items.map(entryJson), next: page.next })
}

function entryJson(entry: AuditEntry): object {
  return { ...entry, at: entry.at.toISOString() }
}
