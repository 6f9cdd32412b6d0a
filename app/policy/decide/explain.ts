import type { Decision, DecisionRequest } from '../../model/decision.ts'
import type { PolicySnapshot, Rule } from '../snapshot.ts'
import { judgeEach } from './conditions.ts'
import { decide } from './decide.ts'
import { coversAction, speaksOf, touchesAccount } from './rule-index.ts'

/** What one rule had to say to a request. */
export type TraceStep = {
  readonly rule: string
  /** Absent for a rule that a role brings. */
  readonly file?: string
  readonly line?: number
  readonly effect: Rule['effect']
  readonly matched: boolean
  /** Paths of what did not hold, such as `when.hours` or `accounts`; of what the request does not say, for a rule that matched all the same. */
  readonly failed: readonly string[]
  /** Paths of the conditions that held. */
  readonly held: readonly string[]
}

export type Explanation = Decision & {
  /** Deny rules first, then allow, then hold: the order in which they are asked. */
  readonly trace: readonly TraceStep[]
  /** Allow rules that failed in one thing only, when no rule allowed the request. */
  readonly nearMisses: readonly { readonly rule: string; readonly failed: string }[]
}

const ORDER: readonly Rule['effect'][] = ['deny', 'allow', 'hold']

/** The decision of `decide` with what every rule that speaks of the principal and the action had to say. */
export function explain(snapshot: PolicySnapshot, request: DecisionRequest): Explanation {
  const rules = snapshot.rules.filter(
    rule => speaksOf(rule, request.principal) && coversAction(rule, request.action),
  )
  const trace = ORDER.flatMap(effect =>
    rules.filter(rule => rule.effect === effect).map(rule => stepOf(snapshot, rule, request)),
  )
  const decision = decide(snapshot, request)
  return { ...decision, trace, nearMisses: decision.by === 'default' ? trace.flatMap(nearMiss) : [] }
}

function nearMiss({ rule, effect, matched, failed }: TraceStep): Explanation['nearMisses'] {
  const [only, ...more] = failed
  return effect === 'allow' && !matched && only !== undefined && more.length === 0
    ? [{ rule, failed: only }]
    : []
}

function stepOf(snapshot: PolicySnapshot, rule: Rule, request: DecisionRequest): TraceStep {
  const judged = judgeEach(snapshot, rule, request)
  const account = touchesAccount(rule, request.account)
  const failed = [
    ...(account ? [] : ['accounts']),
    ...judged.filter(({ verdict }) => verdict !== 'yes').map(({ path }) => path),
  ]
  const refuted = judged.some(({ verdict }) => verdict === 'no')
  // An allow needs every yes; a deny or a hold only that nothing speaks against it.
  const matched = account && (rule.effect === 'allow' ? failed.length === 0 : !refuted)
  return {
    rule: rule.id,
    ...rule.place,
    effect: rule.effect,
    matched,
    failed,
    held: judged.filter(({ verdict }) => verdict === 'yes').map(({ path }) => path),
  }
}
