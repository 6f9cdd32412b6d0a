import type { Decision, DecisionRequest } from '../../model/decision.ts'
import { judge } from '../tests/assess.ts'
import type { Change } from './change.ts'
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

/** What became of recorded requests that were decided again. */
export type Replayed = { readonly since: Date; readonly requests: number; readonly flips: readonly Flip[] }

/** Decides requests that were recorded since an instant under both policies. */
export async function replay(
  { from, to }: Sides,
  since: Date,
  requests: AsyncIterable<DecisionRequest> | Iterable<DecisionRequest>,
): Promise<Replayed> {
  const flips = collectFlips()
  let count = 0
  for await (const request of requests) {
    count += 1
    flips.add(request, judge(from, request), judge(to, request))
  }
  return { since, requests: count, flips: flips.list() }
}

const WAS = { allow: 'allowed', deny: 'refused', hold: 'held' } as const

/** The changes of rules with how many recorded requests each of them decides otherwise. */
export function withImpact(changes: readonly Change[], { flips }: Replayed): readonly Change[] {
  return changes.map(change => {
    if (change.kind !== 'Access' || change.noun !== 'rule') return change
    return { ...change, state: [...change.state, ...impactOf(change.name ?? '', flips)] }
  })
}

function impactOf(rule: string, flips: readonly Flip[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { from, to, count } of flips) {
    const [was, is] = [WAS[from.effect], WAS[to.effect]]
    const what =
      from.by === rule
        ? `that it ${was} would be ${is}.`
        : to.by === rule
          ? `that were ${was} would be ${is} by it.`
          : undefined
    if (what !== undefined) counts.set(what, (counts.get(what) ?? 0) + count)
  }
  return [...counts].map(([what, count]) => `${requestsText(count)} ${what}`)
}

/** `1 recorded request`, `12 recorded requests` */
export function requestsText(count: number): string {
  return `${count} recorded request${count === 1 ? '' : 's'}`
}
