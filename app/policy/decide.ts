import { globMatches } from '../lib/glob.ts'
import type { Decision, DecisionRequest } from '../model/decision.ts'
import { ipInNetworks } from './networks.ts'
import type { Conditions, PolicySnapshot, Principal, Rule } from './snapshot.ts'

/** `unknown`: the request does not say enough. It never helps whoever asks: an allow needs a yes, a deny or hold only no no. */
type Verdict = 'yes' | 'no' | 'unknown'

type RulesOfOne = Readonly<Record<Rule['effect'], readonly Rule[]>>

/** Actions that always touch a recipient and carry a message: there an absent word is one that was left out. */
const SENDING = 'messages.send'

const rulesOf = new WeakMap<PolicySnapshot, Map<string, RulesOfOne>>()

/**
 * What the policy says to a request. In this order, the first that refuses gives the reason: the principal is declared
 * and not expired, its networks, deny rules, allow rules, hold rules. No allow means deny; a hold never grants.
 */
export function decide(snapshot: PolicySnapshot, request: DecisionRequest): Decision {
  const principal = snapshot.principals.get(request.principal)
  if (principal === undefined) return deny('default', 'This principal is not part of the policy.')
  if (principal.expiresAt !== undefined && principal.expiresAt <= request.at) {
    return deny('expired', `The access of ${principal.name} expired on ${principal.expiresAt.toISOString()}.`)
  }
  if (!isFromItsNetworks(snapshot, principal, request)) {
    return deny('network', `${principal.name} may not come from this network.`)
  }
  const rules = rulesFor(snapshot, principal)
  const denying = rules.deny.find(rule => judge(snapshot, rule, request) !== 'no')
  if (denying !== undefined)
    return deny(denying.id, denying.message ?? `The rule ${denying.id} forbids this.`)
  const allowing = rules.allow.find(rule => judge(snapshot, rule, request) === 'yes')
  if (allowing === undefined) return deny('default', defaultReason(request))
  const holding = rules.hold.find(rule => judge(snapshot, rule, request) !== 'no')
  if (holding === undefined)
    return { effect: 'allow', by: allowing.id, reason: `Allowed by the rule ${allowing.id}.` }
  const reason = holding.message ?? `The rule ${holding.id} asks for a person's approval.`
  return { effect: 'hold', by: holding.id, reason }
}

function deny(by: string, reason: string): Decision {
  return { effect: 'deny', by, reason }
}

function defaultReason({ principal, action, account }: DecisionRequest): string {
  return `No rule allows ${principal} ${action}${account === undefined ? '' : ` on ${account}`} in this case.`
}

function isFromItsNetworks(
  snapshot: PolicySnapshot,
  { networks }: Principal,
  request: DecisionRequest,
): boolean {
  if (networks.length === 0) return true
  return request.ip !== undefined && ipInNetworks(snapshot, request.ip, networks)
}

/** Whether a rule speaks of this request. */
function judge(snapshot: PolicySnapshot, rule: Rule, request: DecisionRequest): Verdict {
  if (!rule.actions.some(glob => globMatches(glob, request.action))) return 'no'
  if (!touchesAccount(rule, request)) return 'no'
  const { messageTypes, recipientKind, recipients, networks } = rule.when
  const verdicts: Verdict[] = []
  if (messageTypes !== undefined) verdicts.push(isOneOf(messageTypes, request.type, request))
  if (recipientKind !== undefined) verdicts.push(isOneOf(recipientKind, kindOf(request), request))
  if (recipients !== undefined) verdicts.push(isRecipient(recipients, request))
  if (networks !== undefined) verdicts.push(isFrom(snapshot, networks, request))
  if (verdicts.includes('no')) return 'no'
  return verdicts.includes('unknown') ? 'unknown' : 'yes'
}

function touchesAccount({ accounts }: Rule, { account }: DecisionRequest): boolean {
  if (accounts === undefined) return true
  return account !== undefined && (accounts.includes('*') || accounts.includes(account))
}

function isOneOf(list: readonly string[], word: string | undefined, { action }: DecisionRequest): Verdict {
  if (word !== undefined) return list.includes(word) ? 'yes' : 'no'
  return action === SENDING ? 'unknown' : 'no'
}

/** A contact whose number WhatsApp has not told us (`…@lid`) may be anybody: unknown. A group has no number. */
function isRecipient(wanted: NonNullable<Conditions['recipients']>, request: DecisionRequest): Verdict {
  const { to, action } = request
  if (to === undefined) return action === SENDING ? 'unknown' : 'no'
  if (!to.startsWith('+')) return kindOf(request) === 'contact' ? 'unknown' : 'no'
  const listed = wanted.numbers?.includes(to) === true
  return listed || wanted.prefixes?.some(prefix => to.startsWith(prefix)) ? 'yes' : 'no'
}

function kindOf({ to, recipientKind }: DecisionRequest): DecisionRequest['recipientKind'] {
  if (recipientKind !== undefined || to === undefined) return recipientKind
  if (to.endsWith('@g.us')) return 'group'
  if (to.endsWith('@newsletter')) return 'channel'
  return to === 'status@broadcast' ? 'status' : 'contact'
}

function isFrom(snapshot: PolicySnapshot, names: readonly string[], { ip }: DecisionRequest): Verdict {
  if (ip === undefined) return 'unknown'
  return ipInNetworks(snapshot, ip, names) ? 'yes' : 'no'
}

/** The rules that speak of one principal, sorted out once for each snapshot. */
function rulesFor(snapshot: PolicySnapshot, { name }: Principal): RulesOfOne {
  const known = rulesOf.get(snapshot) ?? new Map<string, RulesOfOne>()
  rulesOf.set(snapshot, known)
  const kept = known.get(name)
  if (kept !== undefined) return kept
  const own = snapshot.rules.filter(rule => rule.principals.includes('*') || rule.principals.includes(name))
  const of = (effect: Rule['effect']) => own.filter(rule => rule.effect === effect)
  const sorted = { allow: of('allow'), deny: of('deny'), hold: of('hold') }
  known.set(name, sorted)
  return sorted
}
