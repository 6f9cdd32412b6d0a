import type { Decision, DecisionRecord, DecisionRequest } from '../../model/decision.ts'
import type { PolicyInForce } from '../snapshot.ts'

export type RecordedWith = {
  readonly id: string
  readonly policy: PolicyInForce
  readonly credential?: string | undefined
  /** What the access rules said, when something after them decided. */
  readonly rules?: Decision
}

/** A decision as it is kept: with what was asked, and under which policy. */
export function recordOf(
  request: DecisionRequest,
  { effect, by, reason }: Decision,
  { id, policy, credential, rules }: RecordedWith,
): DecisionRecord {
  return {
    id,
    request,
    effect,
    by,
    reason,
    revision: policy.revision,
    digest: policy.snapshot.digest,
    ...(credential === undefined ? {} : { credential }),
    ...(rules === undefined ? {} : { rules: { effect: rules.effect, by: rules.by, reason: rules.reason } }),
  }
}
