import { namesMatching } from '../../lib/glob.ts'
import { ACTIONS } from '../check/vocabulary.ts'
import { conditions, isPartial } from '../plan/kinds/conditions.ts'
import { coversNames, relate } from '../plan/relation.ts'
import type { Conditions, PolicySnapshot, Rule } from '../snapshot.ts'

/** What each pair of rules is asked again and again. */
type Prepared = {
  readonly rule: Rule
  readonly actions: ReadonlySet<string>
  /** The members of `when` that are there. */
  readonly asked: readonly (keyof Conditions)[]
  /** As the plan compares what two rules speak of. */
  readonly asAllow: Rule
}

/** As many pairs are compared: a set that people wrote has far fewer, since most rules speak of a principal or two. */
const MAX_PAIRS = 200_000

/**
 * Rules by their ids that change nothing, each with the rule that makes it so: one of the same effect that takes in all of
 * it, or a deny rule that does. Of two that say the same, the one that comes later in `order` changes nothing.
 */
export function shadowsOf(snapshot: PolicySnapshot, order: readonly string[]): ReadonlyMap<string, Rule> {
  const positions = new Map(order.map((id, position) => [id, position] as const))
  const prepared = snapshot.rules.map(prepare)
  const byPrincipal = namedBy(prepared)
  const found = new Map<string, Rule>()
  let pairs = 0
  for (const narrow of prepared) {
    for (const wide of candidatesFor(narrow.rule, byPrincipal)) {
      if (wide === narrow || !makesIdle(wide.rule, narrow.rule)) continue
      if (++pairs > MAX_PAIRS) return found
      if (!covers(wide, narrow, snapshot) || isFirstOfEquals(narrow, wide)) continue
      found.set(narrow.rule.id, wide.rule)
      break
    }
  }
  return found

  function isFirstOfEquals(one: Prepared, other: Prepared): boolean {
    const [first, second] = [positions.get(one.rule.id), positions.get(other.rule.id)]
    if (first === undefined || second === undefined || first > second) return false // roles stand in no list
    return makesIdle(one.rule, other.rule) && covers(one, other, snapshot)
  }
}

function namedBy(rules: readonly Prepared[]): ReadonlyMap<string, readonly Prepared[]> {
  const named = new Map<string, Prepared[]>()
  for (const one of rules) {
    for (const name of one.rule.principals) {
      const known = named.get(name)
      if (known === undefined) named.set(name, [one])
      else known.push(one)
    }
  }
  return named
}

/** Rules that speak of the first principal of a rule: no other can cover it. */
function candidatesFor(
  { principals }: Rule,
  named: ReadonlyMap<string, readonly Prepared[]>,
): readonly Prepared[] {
  const names = new Set(['*', ...principals.slice(0, 1)])
  return [...names].flatMap(name => named.get(name) ?? [])
}

function prepare(rule: Rule): Prepared {
  const actions = new Set(namesMatching(rule.actions, ACTIONS))
  const asked = Object.keys(rule.when) as (keyof Conditions)[]
  return { rule, actions, asked, asAllow: { ...rule, effect: 'allow' } }
}

/** A rule with words of its own for those whom it refuses says something, even where another refuses them too. */
function makesIdle(wide: Rule, narrow: Rule): boolean {
  if (wide.effect !== narrow.effect) return wide.effect === 'deny'
  return narrow.effect === 'allow' || narrow.message === undefined || narrow.message === wide.message
}

/** True when every request that `narrow` speaks of is one that `wide` speaks of. False is also the answer to what cannot be told. */
function covers(wide: Prepared, narrow: Prepared, snapshot: PolicySnapshot): boolean {
  if (!wide.actions.isSupersetOf(narrow.actions)) return false
  if (!coversNames(wide.rule.principals, narrow.rule.principals)) return false
  if (relate(wide.rule.accounts, narrow.rule.accounts, coversNames).gains) return false
  if (catchesFewer(wide.rule, narrow.rule)) return false
  const sides = { from: snapshot, to: snapshot }
  // Where `wide` asks for nothing, everything meets it.
  return wide.asked.every(
    member => !conditions[member].judge(wide.asAllow, narrow.asAllow, sides).includes('WIDER'),
  )
}

/** A deny or hold rule on some messages only (templates, files) catches no others unless it names their types. */
function catchesFewer({ effect, when }: Rule, narrow: Rule): boolean {
  const isNarrowed = effect !== 'allow' && isPartial(when) && when.messageTypes === undefined
  return isNarrowed && (narrow.effect === 'allow' || narrow.when.messageTypes !== undefined)
}
