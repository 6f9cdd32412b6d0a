import type { Actor } from '../model/audit.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { PolicyReason } from '../store/policies.ts'

/** Who wants a policy put in force, and why. */
export type Asked = {
  readonly by: Actor
  readonly reason: PolicyReason
  readonly commit?: string
  /** What lets guardrails pass that name it. */
  readonly tags?: readonly string[]
  /** The digests that a plan was made from: nothing happens when either is another by now. */
  readonly plan?: { readonly old: string; readonly new: string }
}

/** What stood in the way: the plan is of other policies; reading and checking, the set's own tests, a guardrail, Caddy, the change itself, its probation, or that it was refused before. */
export type Obstacle =
  | 'stale'
  | 'check'
  | 'tests'
  | 'guardrail'
  | 'edge'
  | 'change'
  | 'probation'
  | 'remembered'

/** The first thing that was wrong, as short as it can be told. */
export type FirstFault = { readonly code?: string; readonly place?: string; readonly message: string }

export type Refused = {
  readonly kind: 'refused'
  readonly at: Obstacle
  /** Absent when the folder could not be read at all. */
  readonly digest?: string
  readonly first: FirstFault
  /** Everything that was wrong, for people. */
  readonly report: string
  /** What goes on. */
  readonly policy: PolicyInForce
}

/** What became of putting a policy in force. Whatever is not `applied` has changed nothing, but for what its probation took back. */
export type Activation =
  | {
      readonly kind: 'applied'
      readonly policy: PolicyInForce
      readonly edgeReloaded: boolean
      /** Until then it is watched, and goes when it does harm. */
      readonly probationUntil?: Date
    }
  /** The edge is reloaded all the same when a file that it reads has changed. */
  | { readonly kind: 'unchanged'; readonly policy: PolicyInForce; readonly edgeReloaded: boolean }
  | Refused
