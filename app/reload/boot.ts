import type { Log } from '../lib/log.ts'
import { SYSTEM } from '../model/audit.ts'
import type { RouteEvent } from '../model/event.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import type { Refused } from './activation.ts'
import { type ChoiceDeps, choosePolicy } from './choice.ts'
import { recordOfApplied, recordOfRefused } from './chronicle.ts'

export type BootDeps = ChoiceDeps & {
  readonly store: Pick<Store, 'policies' | 'meta'>
  readonly routeUnder: (policy: () => PolicyInForce) => RouteEvent
  readonly log: Log
  readonly now: () => Date
}

/** The policy that the app starts with; `degraded` when it is an older one, because the folder has errors. */
export type Started = { readonly policy: PolicyInForce; readonly degraded?: Refused }

const ASKED = { by: SYSTEM, reason: 'start' } as const

/**
 * Chooses the policy to start with and writes down what came of it. The revision counts what this installation has had in
 * force. Throws PosternError `policy.rejected`.
 */
export async function policyAtBoot(deps: BootDeps): Promise<Started> {
  const { inPlaceOf, files, snapshot } = await choosePolicy(deps)
  const { store, routeUnder, log, now } = deps
  const last = Number((await store.meta.get('policy.revision')) ?? '0')
  if ((await store.meta.get('policy.digest')) === snapshot.digest) {
    const policy: PolicyInForce = { revision: `r${last}`, snapshot }
    if (inPlaceOf === undefined) return { policy }
    if (inPlaceOf.rejected !== undefined)
      return { policy, degraded: await tell({ kind: 'refused', ...inPlaceOf.rejected, policy }, deps) }
    log.warn('policy.pinned', { digest: snapshot.digest, onDisk: inPlaceOf.digest })
    return { policy }
  }
  const policy: PolicyInForce = { revision: `r${last + 1}`, snapshot }
  const route = routeUnder(() => policy)
  await store.policies.record(recordOfApplied({ policy, files, asked: ASKED, at: now() }, route))
  return { policy }
}

/** That an older policy runs is said wherever a refusal is said. */
async function tell(refused: Refused, { store, routeUnder, log, now }: BootDeps): Promise<Refused> {
  const { at, digest, first, policy } = refused
  log.error('policy.rejected', {
    ...{ refusedBy: at, digest, reason: 'start', inForce: policy.revision },
    ...{ code: first.code, place: first.place, lastKnownGood: true },
  })
  if (digest === undefined) return refused
  const route = routeUnder(() => policy)
  await store.policies.record(recordOfRefused({ ...refused, digest }, { asked: ASKED, at: now() }, route))
  return refused
}
