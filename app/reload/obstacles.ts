import type { PolicyFile } from '../model/policy-file.ts'
import { policyDigest } from '../policy/digest.ts'
import { digestBesideRevoked } from '../policy/revocations.ts'
import type { PolicyStore, Refusal } from '../store/policies.ts'
import type { Asked } from './activation.ts'

const REMEMBERED = {
  rejected: 'this policy was refused before; edit it, or lift that with ./postern policy unpin',
  reverted:
    'this policy was taken back because it did harm; edit it, or lift that with ./postern policy unpin',
  'rolled-back': 'this policy was left by a rollback; edit it, or lift that with ./postern policy unpin',
} as const

/**
 * What is held against these files. To revoke certificates in files that were left is not to mend them; a mere refusal is of
 * exactly these files, for what was wrong may have been that.
 */
export async function heldAgainst(
  files: readonly PolicyFile[],
  policies: Pick<PolicyStore, 'refusalOf'>,
): Promise<Refusal | undefined> {
  const left = await policies.refusalOf(digestBesideRevoked(files))
  if (left !== undefined && left.because !== 'rejected') return left
  return policies.refusalOf(policyDigest(files))
}

/** What is said to whoever asks for a policy that was refused before; undefined when that does not bind them. */
export function binding(refusal: Refusal | undefined, asked: Asked): string | undefined {
  if (refusal === undefined) return undefined
  const binds = refusal.because === 'rejected' ? asked.reason === 'watch' : !isReturn(asked)
  return binds ? REMEMBERED[refusal.because] : undefined
}

/** Why a plan does not hold any more. */
export function staleness(
  plan: Asked['plan'],
  { live, files }: { readonly live: string; readonly files: string },
): string | undefined {
  if (plan === undefined) return undefined
  if (plan.old !== live)
    return 'PS-7004: the plan was made against another policy than the one in force: plan again'
  return plan.new === files ? undefined : 'PS-7004: the files are not those that were planned: plan again'
}

/** Where the appliance has been before: no guardrail, no memory and no signature of today's stands in the way. */
export function isReturn({ reason }: Asked): boolean {
  return reason === 'rollback' || reason === 'probation'
}
