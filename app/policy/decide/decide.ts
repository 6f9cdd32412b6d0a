import type { Decision, DecisionRequest } from '../../model/decision.ts'
import { ipInNetworks } from '../networks.ts'
import type { PolicySnapshot, Principal } from '../snapshot.ts'
import { conditionsHold } from './conditions.ts'
import { candidates } from './rule-index.ts'

/**
 * What the policy says to a request. In this order, the first that refuses gives the reason: the principal is declared, its
 * certificate not revoked, its access not expired, its networks, an opt-out, deny rules, allow rules, hold rules. No allow
 * means deny; a hold never grants.
 */
export function decide(snapshot: PolicySnapshot, request: DecisionRequest): Decision {
  const principal = snapshot.principals.get(request.principal)
  if (principal === undefined) return deny('default', 'This principal is not part of the policy.')
  if (request.credentialSerial !== undefined && snapshot.revokedSerials.has(request.credentialSerial)) {
    return deny('revoked', `The certificate that ${principal.name} shows is revoked.`)
  }
  if (principal.expiresAt !== undefined && principal.expiresAt <= request.at) {
    return deny('expired', `The access of ${principal.name} expired on ${principal.expiresAt.toISOString()}.`)
  }
  if (!isFromItsNetworks(snapshot, principal, request)) {
    return deny('network', `${principal.name} may not come from this network.`)
  }
  if (request.optedOut === true && request.action === 'messages.send' && !isExcepted(snapshot, request)) {
    return deny('opted-out', 'The recipient has asked for no more messages.')
  }
  const rules = candidates(snapshot, principal.name, request)
  const denying = rules.deny.find(rule => conditionsHold(snapshot, rule, request) !== 'no')
  if (denying !== undefined)
    return deny(denying.id, denying.message ?? `The rule ${denying.id} forbids this.`)
  const allowing = rules.allow.find(rule => conditionsHold(snapshot, rule, request) === 'yes')
  if (allowing === undefined) return deny('default', defaultReason(request))
  const holding = rules.hold.find(rule => conditionsHold(snapshot, rule, request) !== 'no')
  if (holding === undefined)
    return { effect: 'allow', by: allowing.id, reason: `Allowed by the rule ${allowing.id}.` }
  const reason = holding.message ?? `The rule ${holding.id} asks for a person's approval.`
  return { effect: 'hold', by: holding.id, reason }
}

function isExcepted({ optOut }: PolicySnapshot, { purpose }: DecisionRequest): boolean {
  return purpose !== undefined && optOut?.exceptPurposes.includes(purpose) === true
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
  if (request.ip !== undefined) return ipInNetworks(snapshot, request.ip, networks)
  return request.network !== undefined && networks.includes(request.network)
}
