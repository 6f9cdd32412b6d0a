import type { AuditEntry } from '../../model/audit.ts'
import { type Answer, json } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { AUDIT_LIST } from '../schemas/queries.ts'
import { queryReader } from '../schemas/query.ts'
import { type Route, V1_SITES } from './route.ts'

const readList = queryReader(AUDIT_LIST)

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
  const query = readList(call.request)
  if (query.kind === 'problem') return query
  const page = await store.audit.list(query.value)
  return json({ data: page.items.map(entryJson), next: page.next })
}

function entryJson(entry: AuditEntry): object {
  return { ...entry, at: entry.at.toISOString() }
}
