import { newId } from '../lib/ids.ts'
import type { Decision, DecisionRecord, DecisionRequest } from '../model/decision.ts'
import { recordRefusal } from '../outbox/record-refusal.ts'
import { tellOfBlock } from '../outbox/take-limits.ts'
import { decide } from '../policy/decide/decide.ts'
import { mayYet } from '../policy/decide/may-yet.ts'
import { recordOf } from '../policy/decide/record.ts'
import { applicableLimits } from '../policy/limit/key.ts'
import type { Rule } from '../policy/snapshot.ts'
import { type Problem, problem } from './answer.ts'
import type { HttpDeps } from './deps.ts'
import type { Call } from './hop/call.ts'
import { noteAllowance } from './limits/allowance.ts'
import { limitProblem } from './limits/floods.ts'

/** What the policy says does not bind whoever owns the machine: that person can change it. */
const LOCAL: Decision = { effect: 'allow', by: 'local', reason: 'Asked through the control socket.' }

/** What a request touches, besides who asks and from where. */
export type Resource = Pick<
  DecisionRequest,
  'account' | 'to' | 'recipientKind' | 'type' | 'template' | 'purpose' | 'size' | 'mime'
>

export type AuthorizeDeps = Pick<HttpDeps, 'store' | 'limiter' | 'route' | 'now'>

/** Asks the policy. Pure: nothing is recorded. Only an outgoing message can be held; for everything else a hold refuses. */
export function may(call: Call, action: string, resource: Resource = {}): Decision {
  if (isLocal(call)) return LOCAL
  return decide(call.policy.snapshot, requestOf(call, action, resource))
}

/** False when the policy refuses whatever the file turns out to be; nothing is recorded. */
export function couldAllow(call: Call, action: string, resource: Resource): boolean {
  return isLocal(call) || mayYet(call.policy.snapshot, requestOf(call, action, resource))
}

function requestOf({ principal, remoteIp, at }: Call, action: string, resource: Resource): DecisionRequest {
  return { principal: principal.name, action, ip: remoteIp, at, ...resource }
}

/**
 * Asks the policy, records a refusal, then takes the limits of requests. Undefined when the request may go on. What is to be
 * done with a message that its sender could send, if only held, is no refusal: it can be taken back.
 */
export async function authorize(
  call: Call,
  action: string,
  resource: Resource,
  deps: AuthorizeDeps,
): Promise<Problem | undefined> {
  return (await permit(call, action, resource, deps)) ?? (await takeRequestLimits(call, deps))
}

/** The same without the limits, for whoever has taken them before. */
export async function permit(
  call: Call,
  action: string,
  resource: Resource,
  deps: AuthorizeDeps,
): Promise<Problem | undefined> {
  const decision = may(call, action, resource)
  const held = decision.effect === 'hold' && action === 'messages.send'
  if (decision.effect === 'allow' || held) {
    if (!isLocal(call)) deps.store.decisions.note(record(call, requestOf(call, action, resource), decision))
    return undefined
  }
  return refuse(call, action, { ...resource, decision }, deps)
}

/** For lists over accounts: allowed when the policy allows the action without an account, or for any one of them. */
export async function authorizeAny(
  call: Call,
  action: string,
  deps: AuthorizeDeps,
): Promise<Problem | undefined> {
  if (mayAnywhere(call, action)) return await takeRequestLimits(call, deps)
  return refuseAny(call, action, deps)
}

/** Records the refusal of what the policy allows neither without an account nor for any. */
export function refuseAny(call: Call, action: string, deps: AuthorizeDeps): Promise<Problem> {
  return refuse(call, action, { decision: may(call, action) }, deps)
}

/** Whether the policy allows the action without an account, or for any one of them. */
export function mayAnywhere(call: Call, action: string): boolean {
  if (may(call, action).effect === 'allow') return true
  const accounts = [...call.policy.snapshot.accounts.keys()]
  return accounts.some(account => may(call, action, { account }).effect === 'allow')
}

/** For what any principal may ask: only the credential's expiry and the principal's networks can refuse. */
export async function checkAnybody(call: Call, deps: AuthorizeDeps): Promise<Problem | undefined> {
  const decision = may(call, 'whoami')
  if (decision.by === 'network' || decision.by === 'expired')
    return refuse(call, 'whoami', { decision }, deps)
  return await takeRequestLimits(call, deps)
}

/** The limits keyed by principal: they count requests, whatever these ask for. */
export async function takeRequestLimits(call: Call, deps: AuthorizeDeps): Promise<Problem | undefined> {
  const limits = applicableLimits(call.policy.snapshot, 'request')
  if (limits.length === 0 || isLocal(call)) return undefined
  const who = { principal: call.principal.name, remoteIp: call.remoteIp }
  const at = deps.now()
  const outcome = deps.limiter.take(limits, who, at.getTime())
  await tellOfBlock(outcome, { who, at }, deps)
  switch (outcome.kind) {
    case 'ok':
      noteAllowance(call.request, outcome.left)
      return undefined
    case 'wait':
      return limitProblem(outcome.limit, outcome.waitMs)
    case 'hold':
      return limitProblem(outcome.limit, outcome.limit.periodMs)
    case 'rejected':
    case 'blocked':
      return limitProblem(outcome.limit, outcome.retryAfterMs)
  }
}

/** An account that does not exist and one that the caller may not know of look the same: 404. */
export function unknownAccount(call: Call, account: string): Problem | undefined {
  if (call.policy.snapshot.accounts.has(account) && mayKnow(call, account)) return undefined
  return problem('not-found', 'There is no account of this name.')
}

async function refuse(
  call: Call,
  action: string,
  asked: Resource & { readonly decision: Decision },
  deps: AuthorizeDeps,
): Promise<Problem> {
  const { decision, ...resource } = asked
  const kept = record(call, requestOf(call, action, resource), decision)
  const { id: decisionId, by, reason } = kept
  const target = asked.to ?? asked.account
  const refusal = {
    ...call.actor,
    at: deps.now(),
    action,
    decision: 'deny',
    ...(target === undefined ? {} : { target }),
    detail: { decision: decisionId, by, request: call.id, policy: call.policy.revision },
  } as const
  await recordRefusal(refusal, kept, deps)
  const unknown = asked.account === undefined ? undefined : unknownAccount(call, asked.account)
  return unknown ?? problem('denied', reason, { decision: decisionId })
}

function record(call: Call, request: DecisionRequest, decision: Decision): DecisionRecord {
  const { at, policy, actor } = call
  return recordOf(request, decision, { id: newId('dec', at), policy, credential: actor.credential })
}

/** Somebody with any rule that grants something on an account knows that it exists. */
function mayKnow(call: Call, account: string): boolean {
  return isLocal(call) || call.policy.snapshot.rules.some(rule => grants(rule, call.principal.name, account))
}

function isLocal({ credential }: Call): boolean {
  return credential.kind === 'local'
}

function grants(rule: Rule, principal: string, account: string): boolean {
  if (rule.effect !== 'allow') return false
  const names = (list: readonly string[], name: string) => list.includes('*') || list.includes(name)
  return names(rule.principals, principal) && (rule.accounts === undefined || names(rule.accounts, account))
}
