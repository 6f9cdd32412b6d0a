import type { Decision, DecisionRequest } from '../../model/decision.ts'
import { parsePhone } from '../../model/phone.ts'
import { decide } from '../decide/decide.ts'
import { type Explanation, explain } from '../decide/explain.ts'
import { QUIET_HOURS, type Quiet, quietAt } from '../decide/quiet.ts'
import type { LimitOutcome } from '../limit/bucket.ts'
import { applicableLimits } from '../limit/key.ts'
import type { Limiter } from '../limiter.ts'
import { networkOf } from '../networks.ts'
import type { PolicySnapshot } from '../snapshot.ts'

/** What a request comes to when everything is asked in its order, limits included. */
export type Assessed = Omit<Explanation, 'effect'> & {
  readonly effect: 'allow' | 'deny' | 'hold' | 'wait' | 'reject' | 'block'
}

const SENDING = 'messages.send'
/** What is judged before the recipient is looked at. */
const BEFORE_RECIPIENT: ReadonlySet<string> = new Set(['revoked', 'expired', 'network'])

/** Judges a request without its limits: credential, network, recipient, rules, quiet hours where they refuse. */
export function judge(snapshot: PolicySnapshot, request: DecisionRequest): Decision {
  const decision = decide(snapshot, request)
  if (refusesRecipient(snapshot, request, decision)) return INVALID
  const quiet = quietOf(snapshot, request, decision.effect)
  return quiet.kind === 'deny' ? quiet.decision : decision
}

/** The same, with what every rule had to say. */
export function assess(snapshot: PolicySnapshot, request: DecisionRequest): Assessed {
  const explained = assessRules(snapshot, request)
  return inQuietHours(snapshot, request, explained)
}

function assessRules(snapshot: PolicySnapshot, request: DecisionRequest): Explanation {
  const explained = explain(snapshot, request)
  return refusesRecipient(snapshot, request, explained)
    ? { ...explained, ...INVALID, nearMisses: [] }
    : explained
}

function inQuietHours(snapshot: PolicySnapshot, request: DecisionRequest, assessed: Assessed): Assessed {
  const quiet = quietOf(snapshot, request, assessed.effect)
  if (quiet.kind === 'deny') return { ...assessed, ...quiet.decision }
  if (quiet.kind === 'none' || assessed.effect === 'hold') return assessed // what a person looks at waits anyway
  return { ...assessed, effect: 'wait', by: QUIET_HOURS, reason: quiet.reason }
}

/** Only what nothing else refuses can come to quiet hours. */
function quietOf(
  { quietHours }: PolicySnapshot,
  request: DecisionRequest,
  effect: Assessed['effect'],
): Quiet {
  const refused = effect === 'deny' || effect === 'reject' || effect === 'block'
  if (refused || request.action !== SENDING) return { kind: 'none' }
  return quietAt(quietHours, request, request.at)
}

const INVALID: Decision = {
  effect: 'deny',
  by: 'invalid-recipient',
  reason: 'The recipient is no phone number that this policy takes.',
}

function refusesRecipient(
  { phoneRule }: PolicySnapshot,
  { to, action }: DecisionRequest,
  { by }: Decision,
): boolean {
  if (BEFORE_RECIPIENT.has(by) || action !== SENDING || to === undefined || !/^\+|^\d+$/.test(to))
    return false
  return parsePhone(to, phoneRule) === undefined
}

/** The same, and then the limits of requests and of sending, which remember what they were asked before. */
export function assessWithLimits(
  snapshot: PolicySnapshot,
  request: DecisionRequest,
  limiter: Limiter,
): Assessed {
  const explained = assessRules(snapshot, request)
  if (explained.effect === 'deny') return explained
  const scopes = request.action === SENDING ? (['request', 'send'] as const) : (['request'] as const)
  const limits = scopes.flatMap(scope => applicableLimits(snapshot, scope))
  const { principal, account, to, ip, firstContact } = request
  const keys = {
    principal,
    ...(account === undefined ? {} : { account }),
    ...(to === undefined ? {} : { recipient: to }),
    ...(ip === undefined ? {} : { remoteIp: ip }),
    ...(firstContact === undefined ? {} : { firstContact }),
  }
  const atMs = request.at.getTime()
  const foreseen = limited(explained, limiter.peek(limits, keys, atMs))
  const judged = inQuietHours(snapshot, request, foreseen)
  if (judged.effect === 'deny') return judged // what is refused takes no tokens
  limiter.take(limits, keys, atMs)
  return judged
}

/** What the limits make of it. */
function limited(explained: Explanation, outcome: LimitOutcome): Assessed {
  if (outcome.kind === 'ok') return explained
  const effect = { wait: 'wait', hold: 'hold', rejected: 'reject', blocked: 'block' } as const
  const { name } = outcome.limit
  return {
    ...explained,
    effect: effect[outcome.kind],
    by: `limit:${name}`,
    reason: `The limit ${name} is reached.`,
  }
}

/** The network that a request comes from, as people name it. */
export function networkNamed(snapshot: PolicySnapshot, { network, ip }: DecisionRequest): string | undefined {
  return network ?? (ip === undefined ? undefined : networkOf(snapshot, ip))
}
