import { globMatches } from '../../lib/glob.ts'
import type { PolicySnapshot, Rule } from '../snapshot.ts'

/** The rules that may speak of a request, sorted out by effect. */
export type Candidates = Readonly<Record<Rule['effect'], readonly Rule[]>>

type Named = {
  /** Rules with their positions in the snapshot, by the principals that they name. */
  readonly of: ReadonlyMap<string, readonly (readonly [position: number, rule: Rule])[]>
  readonly ofEverybody: readonly (readonly [position: number, rule: Rule])[]
}
type Index = { readonly named: Named; readonly kept: Map<string, Own> }
type Own = { readonly rules: readonly Rule[]; readonly kept: Map<string, Candidates> }

const indexes = new WeakMap<PolicySnapshot, Index>()
/** Actions times accounts: both are closed lists, and only what was asked for is kept. */
const KEPT_PER_PRINCIPAL = 2_000

/**
 * The rules that name a principal, an action and an account, all of which are few for each question: what is left to ask are
 * their conditions. Sorted out by principal once for each snapshot, and for each combination among those of the principal
 * alone, so that not even the first decision of a kind grows with the rules of others.
 */
export function candidates(
  snapshot: PolicySnapshot,
  principal: string,
  { action, account }: { readonly action: string; readonly account?: string },
): Candidates {
  const index: Index = indexes.get(snapshot) ?? { named: byPrincipal(snapshot.rules), kept: new Map() }
  indexes.set(snapshot, index)
  const own: Own = index.kept.get(principal) ?? { rules: rulesOf(index.named, principal), kept: new Map() }
  index.kept.set(principal, own)
  const key = account === undefined ? action : `${action}\0${account}`
  const kept = own.kept.get(key)
  if (kept !== undefined) return kept
  const found: Record<Rule['effect'], Rule[]> = { allow: [], deny: [], hold: [] }
  for (const rule of own.rules) {
    if (coversAction(rule, action) && touchesAccount(rule, account)) found[rule.effect].push(rule)
  }
  if (own.kept.size < KEPT_PER_PRINCIPAL) own.kept.set(key, found)
  return found
}

function byPrincipal(rules: readonly Rule[]): Named {
  const of = new Map<string, (readonly [number, Rule])[]>()
  const ofEverybody: (readonly [number, Rule])[] = []
  for (const [position, rule] of rules.entries()) {
    const entry = [position, rule] as const
    if (rule.principals.includes('*')) ofEverybody.push(entry)
    else {
      for (const principal of rule.principals) {
        const own = of.get(principal)
        if (own === undefined) of.set(principal, [entry])
        else own.push(entry)
      }
    }
  }
  return { of, ofEverybody }
}

/** In the order of the snapshot, so that it does not depend on how a rule names the principal which of several decides. */
function rulesOf({ of, ofEverybody }: Named, principal: string): readonly Rule[] {
  return [...ofEverybody, ...(of.get(principal) ?? [])].sort(([a], [b]) => a - b).map(([, rule]) => rule)
}

export function speaksOf({ principals }: Rule, principal: string): boolean {
  return principals.includes('*') || principals.includes(principal)
}

export function coversAction({ actions }: Rule, action: string): boolean {
  return actions.some(glob => globMatches(glob, action))
}

export function touchesAccount({ accounts }: Rule, account: string | undefined): boolean {
  if (accounts === undefined) return true
  return account !== undefined && (accounts.includes('*') || accounts.includes(account))
}
