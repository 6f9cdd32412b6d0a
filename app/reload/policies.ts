import { readPolicyFolder } from '../config/policy-folder.ts'
import { PosternError, reasonOf } from '../lib/error.ts'
import type { Actor } from '../model/audit.ts'
import type { PolicyFile } from '../model/policy-file.ts'
import { policyDigest } from '../policy/digest.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import type { PolicyEntry } from '../store/policies.ts'
import type { Activation, Asked, FirstFault, Refused } from './activation.ts'
import { filesAs, filesBefore } from './coming-back.ts'
import type { PolicySwitch, SwitchDeps } from './policy-switch.ts'
import type { Probation } from './probation/probation.ts'

export type PoliciesDeps = SwitchDeps & {
  readonly policiesDir: string
  /** The appliance started with an older policy, because the folder had errors. */
  readonly degraded?: boolean
}

/** The policies as people and machines deal with them while the appliance runs. */
export type Policies = {
  /** Puts the folder in force, or the files that are given in its place. */
  apply(asked: Asked, files?: readonly PolicyFile[]): Promise<Activation>
  /**
   * Goes back to a revision, or to the policy before; undefined when there is none whose files are kept. What was revoked since
   * stays revoked.
   */
  rollback(asked: Asked, revision?: number): Promise<Activation | undefined>
  /** Lets digests that were refused be tried again; answers how many. */
  unpin(by: Actor): Promise<number>
  status(): Promise<PolicyStatus>
  /** True until a policy that was asked for is in force. */
  isDegraded(): boolean
  /** A policy that was in force once, to be asked how it decided; undefined when its files are not kept any more. */
  past(digest: string): Promise<PolicySnapshot | undefined>
  /** The files of the policy in force; undefined when they are not kept. */
  live(): Promise<LiveFiles | undefined>
}

export type LiveFiles = {
  readonly revision: string
  readonly digest: string
  readonly files: readonly PolicyFile[]
}

export type PolicyStatus = {
  /** How the policy in force came to be; absent for one from before there was a history. */
  readonly live: PolicyEntry | undefined
  readonly disk: { readonly digest: string; readonly first?: FirstFault } | { readonly first: FirstFault }
  /** The last one that was refused, unless it is in force by now. */
  readonly rejected: PolicyEntry | undefined
  /** Set while a policy is on trial. */
  readonly degraded: boolean
  readonly probation: ReturnType<Probation['current']>
}

export function createPolicies(policySwitch: PolicySwitch, deps: PoliciesDeps): Policies {
  const { store, probation, now } = deps
  let degraded = deps.degraded ?? false
  policySwitch.onOutcome(({ kind }) => {
    if (kind !== 'refused') degraded = false
  })

  async function apply(asked: Asked, given?: readonly PolicyFile[]): Promise<Activation> {
    const files = given ?? (await readFolder(deps))
    return 'fault' in files
      ? policySwitch.refuse(unreadable(files.fault), asked)
      : policySwitch.activate(files, asked)
  }

  async function rollback(asked: Asked, wanted?: number): Promise<Activation | undefined> {
    const current = policySwitch.current()
    const files = await (wanted === undefined
      ? filesBefore(current, store.policies)
      : filesAs(wanted, store.policies))
    return files && policySwitch.goBack(files, asked, 'rolled-back')
  }

  function unpin(by: Actor): Promise<number> {
    const entry = { ...by, at: now(), action: 'policy.unpinned', decision: 'done' } as const
    return store.policies.forgetRefusals({ audit: [entry] })
  }

  async function status(): Promise<PolicyStatus> {
    const onTrial = probation.current() // first: once it is over, the rest says how it ended
    const { revision, snapshot } = policySwitch.current()
    const rejected = await store.policies.last({ result: 'rejected' })
    return {
      live: await store.policies.last({ result: 'applied', revision: Number(revision.slice(1)) }),
      disk: await disk(),
      rejected: rejected?.digest === snapshot.digest ? undefined : rejected,
      degraded,
      probation: onTrial,
    }
  }

  async function disk(): Promise<PolicyStatus['disk']> {
    const files = await readFolder(deps)
    if ('fault' in files) return { first: files.fault }
    const digest = policyDigest(files)
    const { revision, snapshot } = policySwitch.current()
    if (digest === snapshot.digest) return { digest }
    const examined = await deps.examine(files, { inForce: revision })
    return examined.kind === 'bad' ? { digest, first: examined.first } : { digest }
  }

  async function past(digest: string): Promise<PolicySnapshot | undefined> {
    const { snapshot } = policySwitch.current()
    if (digest === snapshot.digest) return snapshot
    const files = await store.policies.filesOf(digest)
    const examined = files && (await deps.examine(files, { of: 'reading' }))
    return examined?.kind === 'good' ? examined.snapshot : undefined
  }

  async function live(): Promise<LiveFiles | undefined> {
    const { revision, snapshot } = policySwitch.current()
    const files = await store.policies.filesOf(snapshot.digest)
    return files && { revision, digest: snapshot.digest, files }
  }

  return { apply, rollback, unpin, status, past, live, isDegraded: () => degraded }
}

async function readFolder({
  policiesDir,
}: PoliciesDeps): Promise<readonly PolicyFile[] | { readonly fault: FirstFault }> {
  try {
    return await readPolicyFolder(policiesDir)
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    return { fault: { message: reasonOf(error) } }
  }
}

function unreadable(first: FirstFault): Omit<Refused, 'policy'> {
  return { kind: 'refused', at: 'check', first, report: first.message }
}
