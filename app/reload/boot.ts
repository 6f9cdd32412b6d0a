import { PosternError } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import { SYSTEM } from '../model/audit.ts'
import type { RouteEvent } from '../model/event.ts'
import type { PolicyFile } from '../model/policy-file.ts'
import { policyDigest } from '../policy/load.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import { recordOfApplied } from './chronicle.ts'
import { type ExamineDeps, examine } from './examine.ts'

export type BootDeps = ExamineDeps & {
  readonly store: Pick<Store, 'policies' | 'meta'>
  readonly routeUnder: (policy: () => PolicyInForce) => RouteEvent
  readonly log: Log
  readonly now: () => Date
}

/**
 * The policy to start with: the folder's, unless that is the one that a rollback has left; then the one in force before
 * goes on. The revision counts what this installation has had in force. Throws PosternError `policy.rejected`.
 */
export async function policyAtBoot(onDisk: readonly PolicyFile[], deps: BootDeps): Promise<PolicyInForce> {
  const { store, routeUnder, now } = deps
  const kept = await pinned(onDisk, deps)
  const files = kept ?? onDisk
  const examined = examine(files, { ...deps, kept: kept !== undefined })
  if (examined.kind === 'bad') throw new PosternError('policy.rejected', `\n${examined.report}`)
  const { snapshot } = examined
  const last = Number((await store.meta.get('policy.revision')) ?? '0')
  if ((await store.meta.get('policy.digest')) === snapshot.digest) return { revision: `r${last}`, snapshot }
  const policy: PolicyInForce = { revision: `r${last + 1}`, snapshot }
  const asked = { by: SYSTEM, reason: 'start' } as const
  await store.policies.record(
    recordOfApplied(
      { policy, files, asked, at: now() },
      routeUnder(() => policy),
    ),
  )
  return policy
}

async function pinned(
  onDisk: readonly PolicyFile[],
  { store, log }: BootDeps,
): Promise<readonly PolicyFile[] | undefined> {
  const refusal = await store.policies.refusalOf(policyDigest(onDisk))
  if (refusal?.because !== 'rolled-back') return undefined
  const digest = await store.meta.get('policy.digest')
  const files = digest === undefined ? undefined : await store.policies.filesOf(digest)
  if (files !== undefined) log.warn('policy.pinned', { digest, onDisk: refusal.digest })
  return files
}
