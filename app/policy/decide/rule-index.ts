import { globMatches } from '../../lib/glob.ts'
import type { PolicySnapshot, Rule } from '../snapshot.ts'

/** The rules that may speak of a request, sorted out by effect. */
export type Candidates = Readonly<Record<Rule['effect'], readonly Rule[]>>

type Index = Map<string, Map<string, Candidates>>

const indexes = new WeakMap<PolicySnapshot, Index>()
/** Actions times accounts: both are closed lists, and only what was asked for is kept. */
const KEPT_PER_PRINCIPAL = 2_000

/**
 * The rules that name a principal, an action and an account, all of which are few for each question: what is left to ask are
 * their conditions. Sorted out once for each snapshot and combination, so that a decision does not grow with the rules.
 */
export function candidates(
  snapshot: PolicySnapshot,
  principal: string,
  { action, account }: { readonly action: string; readonly account?: string },
): Candidates {
  const index: Index = indexes.get(snapshot) ?? new Map()
  indexes.set(snapshot, index)
  const own = index.get(principal) ?? new Map<string, Candidates>()
  index.set(principal, own)
  const key = account === undefined ? action : `${action}\0${account}`
  const kept = own.get(key)
  if (kept !== undefined) return kept
  const rules = snapshot.rules.filter(
    rule => speaksOf(rule, principal) && coversAction(rule, action) && touchesAccount(rule, account),
  )
  const of = (effect: Rule['effect']) => rules.filter(rule => rule.effect === effect)
  const found = { allow: of('allow'), deny: of('deny'), hold: of('hold') }
  if (own.size < KEPT_PER_PRINCIPAL) own.set(key, found)
  return found
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
