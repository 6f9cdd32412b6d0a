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

/** Gathers what comes out otherwise, those that are alike as one. */
export type Flips = {
  /** What comes out the same, though by another rule, is no flip. */
  add(request: DecisionRequest, from: Decision, to: Decision): void
  /** The most frequent come first. */
  list(): readonly Flip[]
}

export function collectFlips(): Flips {
  const flips = new Map<string, Flip>()
  return { add, list: () => [...flips.values()].sort((a, b) => b.count - a.count) }

  function add(request: DecisionRequest, from: Decision, to: Decision): void {
    if (from.effect === to.effect) return
    const { principal, action, account, at } = request
    const key = JSON.stringify([principal, action, account, from.effect, from.by, to.effect, to.by])
    const known = flips.get(key)
    flips.set(key, {
      principal,
      action,
      ...(account === undefined ? {} : { account }),
      from: { effect: from.effect, by: from.by },
      to: { effect: to.effect, by: to.by },
      count: (known?.count ?? 0) + 1,
      firstAt: known === undefined || at < known.firstAt ? at : known.firstAt,
      lastAt: known === undefined || at > known.lastAt ? at : known.lastAt,
    })
  }
}

/** Decides recorded requests under both policies. */
export function replay({ from, to }: Sides, requests: Iterable<DecisionRequest>): readonly Flip[] {
  const flips = collectFlips()
  for (const request of requests) flips.add(request, judge(from, request), judge(to, request))
  return flips.list()
}
