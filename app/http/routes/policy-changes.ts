import type { Policies } from '../../reload/policies.ts'
import { type Answer, json, problem } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { bodyReader } from '../schemas/body.ts'
import { APPLY_SCHEMA, type ApplyBody, ROLLBACK_SCHEMA, type RollbackBody } from '../schemas/policy.ts'
import { activationJson } from '../wire/policy.ts'
import type { Route } from './route.ts'

type ChangeDeps = Pick<HttpDeps, 'policies'>

const readApply = bodyReader<ApplyBody>(APPLY_SCHEMA)
const readRollback = bodyReader<RollbackBody>(ROLLBACK_SCHEMA)

/**
 * What changes the policy in force, and its files. On the control socket alone: whoever may change a policy need not ask one,
 * and files say more than an answer about them.
 */
export function policyOwnerRoutes({ policies }: ChangeDeps): readonly Route[] {
  const access = { kind: 'owner' } as const
  const change = (verb: string, handle: Route['handle']): Route => ({
    ...{ method: 'post', path: `/v1/policy/${verb}`, sites: ['api'], access, handle },
  })
  return [
    change('apply', call => apply(call, policies)),
    change('rollback', call => rollback(call, policies)),
    {
      ...{ method: 'get', path: '/v1/policy/files', sites: ['api'], access },
      handle: async () => filesJson(await policies.live()),
    },
    change('unpin', async call => json({ unpinned: await policies.unpin(call.actor) })),
  ]
}

async function apply(call: Call, policies: ChangeDeps['policies']): Promise<Answer> {
  const body = readApply(call.request.body ?? {})
  if (body.kind === 'problem') return body
  const { files, commit, tags, plan } = body.value
  const asked = {
    by: call.actor,
    reason: 'apply',
    ...(commit === undefined ? {} : { commit }),
    ...(tags === undefined ? {} : { tags }),
    ...(plan === undefined ? {} : { plan }),
  } as const
  return json(activationJson(await policies.apply(asked, files)))
}

async function rollback(call: Call, policies: ChangeDeps['policies']): Promise<Answer> {
  const body = readRollback(call.request.body ?? {})
  if (body.kind === 'problem') return body
  const { revision } = body.value
  const to = revision === undefined ? undefined : Number(revision.replace(/^r/, ''))
  const activation = await policies.rollback({ by: call.actor, reason: 'rollback' }, to)
  if (activation !== undefined) return json(activationJson(activation))
  return problem('not-found', 'There is no such revision, or its files are not kept any more.')
}

function filesJson(live: Awaited<ReturnType<Policies['live']>>): Answer {
  return live === undefined
    ? problem('gone', 'The files of the policy in force are not kept; it comes from an older version.')
    : json(live)
}
