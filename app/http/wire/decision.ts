import type { DecisionRecord } from '../../model/decision.ts'
import { wordsOf } from '../../policy/decide/words.ts'

/** A recorded decision with what was asked, recipient included: for the owner of the machine alone. */
export function decisionJson(record: DecisionRecord): object {
  const { id, effect, by, reason, revision, digest, request, credential, rules } = record
  return {
    decision: id,
    ...{ effect, by, reason, revision, policy: digest },
    ...(credential === undefined ? {} : { credential }),
    ...(rules === undefined ? {} : { rules }),
    request: wordsOf(request),
  }
}
