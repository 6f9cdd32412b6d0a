import { newId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { type Actor, SYSTEM } from '../model/audit.ts'
import type { Decision, DecisionRecord, DecisionRequest } from '../model/decision.ts'
import type { RouteEvent } from '../model/event.ts'
import type { Message, MessageStatus } from '../model/message.ts'
import { messageEvent } from '../model/message-event.ts'
import { decide } from '../policy/decide/decide.ts'
import { recordOf } from '../policy/decide/record.ts'
import type { Limiter } from '../policy/limiter.ts'
import type { Limit, PolicyInForce } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import { type Asked, askInFull } from './ask.ts'
import { auditOf, sendingOf } from './entry.ts'
import { limitSays } from './limit-says.ts'
import { recordRefusal } from './record-refusal.ts'
import { settleAs } from './settle.ts'
import { takeLimitsOfApproved } from './take-limits.ts'
import { createTurns } from './turns.ts'

export type ReviewDeps = {
  readonly store: Store
  readonly policy: () => PolicyInForce
  readonly limiter: Limiter
  readonly route: RouteEvent
  readonly log: Log
  readonly now: () => Date
  /** Told when limits have been taken. */
  readonly keepLimits?: () => void
}

/** What somebody who may approve says of an entry; `id` is ours or WhatsApp's. */
export type ReviewRequest = {
  readonly actor: Actor
  readonly account: string
  readonly id: string
} & (
  | { readonly verdict: 'approve'; readonly reason?: string }
  | { readonly verdict: 'reject'; readonly reason: string }
)

/**
 * `done`: the entry goes on, or is `failed`: rejected, or denied by the policy of this moment. `limited`: it is held still.
 * `own`: nobody reviews what they have asked for themselves. `too-late`: it is held no longer.
 */
export type ReviewOutcome =
  | { readonly kind: 'done'; readonly message: Message }
  | {
      readonly kind: 'limited'
      readonly decisionId: string
      readonly limit: Limit
      readonly retryAfterMs: number
    }
  | { readonly kind: 'own'; readonly decisionId: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'too-late'; readonly status: MessageStatus }

export const OWN_MESSAGE =
  'Who asked for a message cannot approve or reject it: somebody else has to. DELETE takes a message back.'

const HELD = ['held'] as const
/** Stands in the timeline of what was approved. */
const APPROVED = 'approved'

type Reviewed = { readonly entry: Message; readonly request: ReviewRequest; readonly at: Date }

/**
 * Makes the way to say yes or no to a held entry, once: who comes second is told so. What is approved is decided again
 * first, by the policy of this moment, whose holds it passes and whose limits it has to keep.
 */
export function createReview(deps: ReviewDeps): (request: ReviewRequest) => Promise<ReviewOutcome> {
  const turns = createTurns()
  return async request => {
    const found = await deps.store.messages.get(request.account, request.id)
    if (found === undefined) return { kind: 'unknown' }
    // One after another, so that who comes too late has taken no limit; the store has the last word.
    return await turns.take(found.id, async () => {
      const entry = (await deps.store.messages.get(found.account, found.id)) ?? found
      const at = deps.now()
      if (entry.status !== 'held') return { kind: 'too-late', status: entry.status }
      if (entry.expiresAt !== undefined && entry.expiresAt <= at)
        return { kind: 'too-late', status: 'expired' }
      return await review({ entry, request, at }, deps)
    })
  }
}

async function review(reviewed: Reviewed, deps: ReviewDeps): Promise<ReviewOutcome> {
  const { entry, request } = reviewed
  const { principal } = request.actor
  if (principal === entry.principal && principal !== SYSTEM.principal) {
    return { kind: 'own', decisionId: await refuse(reviewed, ownMessage(reviewed, deps), deps) }
  }
  if (request.verdict === 'approve') return await approve(reviewed, deps)
  return await reject(reviewed, request.reason, deps)
}

async function approve(reviewed: Reviewed, deps: ReviewDeps): Promise<ReviewOutcome> {
  const { entry, at } = reviewed
  const policy = deps.policy()
  const { snapshot } = policy
  const asked = await askInFull(entry, at, { snapshot, store: deps.store })
  const { request, decision, rules } = asked
  const record = recordOf(request, decision, { id: newId('dec', at), policy, ...(rules && { rules }) })
  if (decision.effect === 'deny') return await deny(reviewed, record, deps)
  const outcome = await takeLimitsOfApproved(entry, { snapshot, at }, deps)
  if (outcome.kind === 'rejected' || outcome.kind === 'blocked') {
    const { limit, retryAfterMs } = outcome
    const said = { request, decision: limitSays('deny', limit), rules: decision }
    const decisionId = await refuse(reviewed, said, deps)
    return { kind: 'limited', decisionId, limit, retryAfterMs }
  }
  const waitMs = outcome.kind === 'wait' ? outcome.waitMs : 0
  return await release(reviewed, { record, waitMs }, deps)
}

async function release(
  reviewed: Reviewed,
  { record, waitMs }: { readonly record: DecisionRecord; readonly waitMs: number },
  deps: ReviewDeps,
): Promise<ReviewOutcome> {
  const { entry, request, at } = reviewed
  const waitUntil = new Date(at.getTime() + waitMs)
  const dueAt = waitMs > 0 && (entry.dueAt === undefined || entry.dueAt < waitUntil) ? waitUntil : undefined
  const released: Message = { ...entry, status: 'queued', ...(dueAt === undefined ? {} : { dueAt }) }
  const extra = {
    status: 'queued',
    ...(released.dueAt === undefined ? {} : { due_at: released.dueAt.toISOString() }),
  }
  const change = {
    account: entry.account,
    messageId: entry.messageId,
    to: 'queued',
    onlyFrom: HELD,
    at,
    code: APPROVED,
    approval: { by: request.actor.principal, ...(dueAt === undefined ? {} : { dueAt }) },
    ...(request.reason === undefined ? {} : { detail: request.reason }),
  } as const
  deps.keepLimits?.()
  const done = await deps.store.messages.advance(change, {
    events: [deps.route(messageEvent('message.queued', released, extra))],
    audit: [auditOfReview(reviewed, { decision: 'done', by: record.by, id: record.id }, deps)],
    decisions: [record],
  })
  return await whatBecame(entry, done, deps)
}

async function deny(reviewed: Reviewed, record: DecisionRecord, deps: ReviewDeps): Promise<ReviewOutcome> {
  const { entry, at } = reviewed
  const { id, by, reason } = record
  const detail = { decision: id, principal: entry.principal ?? 'system', by, policy: record.revision }
  const audit = [
    auditOfReview(reviewed, { decision: 'done', by, id }, deps),
    auditOf(entry, { ...SYSTEM, at, action: 'messages.send', decision: 'deny' }, detail),
  ]
  const settlement = { status: 'failed', at, code: 'denied', reason: `${by}: ${reason}` } as const
  const done = await settleAs(entry, { ...settlement, audit, decisions: [record] }, deps, HELD)
  return await whatBecame(entry, done, deps)
}

async function reject(reviewed: Reviewed, reason: string, deps: ReviewDeps): Promise<ReviewOutcome> {
  const { entry, at } = reviewed
  const audit = [auditOfReview(reviewed, { decision: 'done', id: entry.decisionId }, deps)]
  const settlement = { status: 'failed', at, code: 'hold.rejected', reason, audit } as const
  return await whatBecame(entry, await settleAs(entry, settlement, deps, HELD), deps)
}

async function whatBecame(entry: Message, done: boolean, { store }: ReviewDeps): Promise<ReviewOutcome> {
  const message = (await store.messages.get(entry.account, entry.id)) ?? entry
  return done ? { kind: 'done', message } : { kind: 'too-late', status: message.status }
}

type Refused = Asked & { readonly rules: Decision }

function ownMessage({ entry, request: { actor }, at }: Reviewed, { policy }: ReviewDeps): Refused {
  const { account, to, recipientKind = 'contact', type = '' } = sendingOf(entry, at)
  const request: DecisionRequest = {
    ...{ principal: actor.principal, action: 'messages.approve', account: account ?? entry.account, at },
    ...{ to: to ?? entry.chat, recipientKind, type },
    ...(actor.ip === undefined ? {} : { ip: actor.ip }),
  }
  const decision = { effect: 'deny', by: 'sender', reason: OWN_MESSAGE } as const
  return { request, decision, rules: decide(policy().snapshot, request) }
}

/** Refuses the review, not the message. */
async function refuse(reviewed: Reviewed, refused: Refused, deps: ReviewDeps): Promise<string> {
  const { request, decision, rules } = refused
  const id = newId('dec', reviewed.at)
  const { credential } = reviewed.request.actor
  const record = recordOf(request, decision, { id, policy: deps.policy(), credential, rules })
  await recordRefusal(auditOfReview(reviewed, { decision: 'deny', by: decision.by, id }, deps), record, deps)
  return id
}

/** The reviewer's own words are no part of it: whom they name cannot be told. */
function auditOfReview(
  { entry, request, at }: Reviewed,
  of: { readonly decision: 'done' | 'deny'; readonly by?: string; readonly id: string | undefined },
  deps: ReviewDeps,
) {
  const action = request.verdict === 'approve' ? 'messages.approve' : 'messages.reject'
  return auditOf(
    entry,
    { ...request.actor, at, action, decision: of.decision },
    {
      decision: of.id ?? null,
      ...(of.by === undefined ? {} : { by: of.by }),
      policy: deps.policy().revision,
    },
  )
}
