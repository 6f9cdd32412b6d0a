import type { Log } from '../lib/log.ts'
import { SYSTEM } from '../model/audit.ts'
import type { RouteEvent } from '../model/event.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import type { Asked, Refused } from './activation.ts'
import { type Choice, type ChoiceDeps, choosePolicy, type Replaced } from './choice.ts'
import { type Applied, recordOfApplied, recordOfRefused } from './chronicle.ts'
import { beginLife, unprovenAfter } from './probation/lives.ts'

export type BootDeps = ChoiceDeps & {
  readonly store: Pick<Store, 'policies' | 'meta'>
  readonly routeUnder: (policy: () => PolicyInForce) => RouteEvent
  readonly log: Log
  readonly now: () => Date
}

/** The policy that the app starts with. */
export type Started = {
  readonly policy: PolicyInForce
  /** It is an older one, because the folder has errors. */
  readonly degraded?: Refused
  /** It is an older one, because the app kept dying under the one in force. */
  readonly takenBack?: Refused
}

const ASKED: Asked = { by: SYSTEM, reason: 'start' }
const TAKEN_BACK: Asked = { by: SYSTEM, reason: 'probation' }

/**
 * Chooses the policy to start with and writes down what came of it. The revision counts what this installation has had in
 * force. Throws PosternError `policy.rejected`.
 */
export async function policyAtBoot(deps: BootDeps): Promise<Started> {
  const choice = await choosePolicy(deps)
  const { inPlaceOf, files, snapshot } = choice
  const { meta } = deps.store
  const last = Number((await meta.get('policy.revision')) ?? '0')
  const from = await meta.get('policy.digest')
  const next: PolicyInForce = { revision: `r${last + 1}`, snapshot }
  if (inPlaceOf?.why === 'deadly') return takeBack(inPlaceOf, { ...choice, policy: next }, deps)
  const isSame = from === snapshot.digest
  if (isSame) await beginLife(from, meta)
  else {
    const unproven = from === undefined ? undefined : await unprovenAfter({ from, to: snapshot.digest }, meta)
    await recordApplied({ policy: next, files, asked: ASKED, ...(unproven && { unproven }) }, deps)
  }
  return tell(isSame ? { revision: `r${last}`, snapshot } : next, inPlaceOf, deps)
}

/** That an older one goes on; with what the folder revokes it may be a new one all the same. */
async function tell(
  policy: PolicyInForce,
  inPlaceOf: Replaced | undefined,
  deps: BootDeps,
): Promise<Started> {
  if (inPlaceOf?.why === 'rejected') {
    const refused: Refused = { kind: 'refused', ...inPlaceOf.rejected, policy }
    await recordRefused(refused, ASKED, deps)
    return { policy, degraded: refused }
  }
  if (inPlaceOf?.why === 'pinned')
    deps.log.warn('policy.pinned', { digest: policy.snapshot.digest, onDisk: inPlaceOf.digest })
  return { policy }
}

/** The one before first, and with it that the deadly one is not started again; then what is to be said of that one. */
async function takeBack(
  { digest, besideRevoked, lives }: Extract<Replaced, { why: 'deadly' }>,
  { files, policy }: Choice & { readonly policy: PolicyInForce },
  deps: BootDeps,
): Promise<Started> {
  const left = { digest: besideRevoked, because: 'reverted' } as const
  await recordApplied({ policy, files, asked: TAKEN_BACK, left }, deps)
  const message = `taken back: the app ended ${lives} times under it before it had shown that it can live with it`
  const report = `${message}\nThe policy before is in force again as ${policy.revision}.`
  const first = { code: 'PS-7005', message }
  const refused: Refused = { kind: 'refused', at: 'probation', digest, first, report, policy }
  await recordRefused(refused, TAKEN_BACK, deps)
  return { policy, takenBack: refused }
}

async function recordApplied(
  applied: Omit<Applied, 'at'>,
  { store, routeUnder, now }: BootDeps,
): Promise<void> {
  const route = routeUnder(() => applied.policy)
  await store.policies.record(recordOfApplied({ ...applied, at: now() }, route))
}

/** That an older policy runs is said wherever a refusal is said. */
async function recordRefused(
  refused: Refused,
  asked: Asked,
  { store, routeUnder, log, now }: BootDeps,
): Promise<void> {
  const { at, digest, first, policy } = refused
  log.error('policy.rejected', {
    ...{ refusedBy: at, digest, reason: asked.reason, inForce: policy.revision },
    ...{ code: first.code, place: first.place, lastKnownGood: true },
  })
  if (digest === undefined) return
  const route = routeUnder(() => policy)
  await store.policies.record(recordOfRefused({ ...refused, digest }, { asked, at: now() }, route))
}
