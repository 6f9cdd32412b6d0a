import type { EventDraft, JsonObject, NewEvent, RouteEvent } from '../model/event.ts'
import type { PolicyFile } from '../model/policy-file.ts'
import { digestBesideRevoked } from '../policy/revocations.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { PolicyRecord, Refusal } from '../store/policies.ts'
import type { Asked, Refused } from './activation.ts'
import type { Unproven } from './probation/lives.ts'

export type Applied = {
  readonly policy: PolicyInForce
  readonly files: readonly PolicyFile[]
  readonly asked: Asked
  readonly at: Date
  /** What a way back leaves behind: its digest beside what it revokes. */
  readonly left?: Refusal
  /** Absent when it needs to show nothing. */
  readonly unproven?: Unproven
}

/** All that is written, in one transaction, when a policy comes into force. */
export function recordOfApplied(
  { policy, files, asked, at, left, unproven }: Applied,
  route: RouteEvent,
): PolicyRecord {
  const { digest } = policy.snapshot
  const said = { revision: policy.revision, digest, ...askedJson(asked) }
  const besideRevoked = digestBesideRevoked(files)
  const refusal = left?.digest === besideRevoked ? undefined : left
  return {
    entry: { ...entryOf(asked), at, digest, revision: Number(policy.revision.slice(1)), result: 'applied' },
    ...{ files, besideRevoked },
    ...(refusal && { refusal }),
    ...(unproven && { unproven: JSON.stringify(unproven) }),
    effects: {
      events: [route({ type: 'policy.applied', data: said })],
      audit: [
        { ...asked.by, at, action: 'policy.applied', target: digest, decision: 'done', detail: { ...said } },
      ],
    },
  }
}

/**
 * The same for one that did not, or is not any more. What automation tried it does not try again; a person may, a secret may
 * have come.
 */
export function recordOfRefused(
  { digest, at: obstacle, first }: Refused & { readonly digest: string },
  { asked, at }: { readonly asked: Asked; readonly at: Date },
  route: RouteEvent,
): PolicyRecord {
  const { code, place, message } = first
  const fault: JsonObject = { code: code ?? null, place: place ?? null, message }
  const said: JsonObject = { digest, refused_by: obstacle, error: fault, ...askedJson(asked) }
  const drafts: readonly EventDraft[] = [
    { type: 'policy.rejected', data: said },
    { type: 'security.alert', data: { reason: 'policy_rejected', digest, refused_by: obstacle } },
  ]
  const error = [code, place, message].filter(part => part !== undefined).join(' ')
  const events: readonly NewEvent[] = drafts.map(route)
  const detail: JsonObject = { refused_by: obstacle, code: code ?? null, reason: asked.reason }
  return {
    entry: { ...entryOf(asked), at, digest, result: 'rejected', error },
    // That the change could not be written down is no fault of the policy; what is taken back was remembered with that.
    ...(obstacle === 'change' || obstacle === 'probation'
      ? {}
      : { refusal: { digest, because: 'rejected' } }),
    effects: {
      events,
      audit: [{ ...asked.by, at, action: 'policy.rejected', target: digest, decision: 'deny', detail }],
    },
  }
}

function entryOf({ by, reason, commit }: Asked) {
  return { principal: by.principal, reason, ...(commit === undefined ? {} : { commit }) }
}

function askedJson({ by, reason, commit }: Asked) {
  return { by: by.principal, reason, commit: commit ?? null }
}
