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
}

/** What stood in the way: reading and checking, the set's own tests, a guardrail, Caddy, the change itself, or that it was refused before. */
export type Obstacle = 'check' | 'tests' | 'guardrail' | 'edge' | 'change' | 'remembered'

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

/** What became of putting a policy in force. Whatever is not `applied` has changed nothing. */
export type Activation =
  | { readonly kind: 'applied'; readonly policy: PolicyInForce; readonly edgeReloaded: boolean }
  | { readonly kind: 'unchanged'; readonly policy: PolicyInForce }
  | Refused
