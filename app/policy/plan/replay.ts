import type { Decision, DecisionRequest } from '../../model/decision.ts'
import { judge } from '../tests/assess.ts'
import type { Sides } from './field.ts'

/** Recorded requests that are decided otherwise, as far as they are alike. Whom they went to is not said. */
export type Flip = {
  readonly principal: string
  readonly action: string
  readonly account?: string
  readonly from: Pick<Decision, 'effect' | 'by'>
  readonly to: Pick<Decision, 'effect' | 'by'>
  readonly count: number
  readonly firstAt: Date
  readonly lastAt: Date
}

/** Decides recorded requests under both policies; what comes out the same, though by another rule, is no flip. The most frequent come first. */
export function replay({ from, to }: Sides, requests: Iterable<DecisionRequest>): readonly Flip[] {
  const flips = new Map<string, Flip>()
  for (const request of requests) {
    const [before, after] = [judge(from, request), judge(to, request)]
    if (before.effect === after.effect) continue
    const { principal, action, account, at } = request
    const key = JSON.stringify([principal, action, account, before.effect, before.by, after.effect, after.by])
    const known = flips.get(key)
    flips.set(key, {
      principal,
      action,
      ...(account === undefined ? {} : { account }),
      from: { effect: before.effect, by: before.by },
      to: { effect: after.effect, by: after.by },
      count: (known?.count ?? 0) + 1,
      firstAt: known === undefined || at < known.firstAt ? at : known.firstAt,
      lastAt: known === undefined || at > known.lastAt ? at : known.lastAt,
    })
  }
  return [...flips.values()].sort((a, b) => b.count - a.count)
}
