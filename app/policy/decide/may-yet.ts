import type { DecisionRequest } from '../../model/decision.ts'
import type { PolicySnapshot, Rule } from '../snapshot.ts'
import { judgeEach } from './conditions.ts'
import { decide } from './decide.ts'
import { candidates } from './rule-index.ts'

/** What is known of a file only once it is here. */
const OPEN: ReadonlySet<string> = new Set(['when.size', 'when.mime'])
/** Refusals that no rule has made. */
const FINAL: ReadonlySet<string> = new Set(['revoked', 'expired', 'network', 'opted-out'])

/**
 * Whether a request about a file may be allowed yet, once it is known how large the file is and of what type. No decision:
 * it spares fetching and reading what would be refused anyway.
 */
export function mayYet(snapshot: PolicySnapshot, request: DecisionRequest): boolean {
  if (!snapshot.principals.has(request.principal)) return false
  const { effect, by } = decide(snapshot, request)
  if (effect !== 'deny') return true
  if (FINAL.has(by)) return false
  const { allow, deny } = candidates(snapshot, request.principal, request)
  return !deny.some(rule => holdsAnyway(rule)) && allow.some(rule => mayHold(rule))

  /** Without regard to the file. */
  function holdsAnyway(rule: Rule): boolean {
    return judgeEach(snapshot, rule, request).every(
      ({ path, verdict }) => !OPEN.has(path) && verdict === 'yes',
    )
  }

  function mayHold(rule: Rule): boolean {
    return judgeEach(snapshot, rule, request).every(({ path, verdict }) => OPEN.has(path) || verdict !== 'no')
  }
}
