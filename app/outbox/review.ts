import { newId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { type Actor, SYSTEM } from '../model/audit.ts'
import type { Decision } from '../model/decision.ts'
import type { RouteEvent } from '../model/event.ts'
import type { Message, MessageStatus } from '../model/message.ts'
import { messageEvent } from '../model/message-event.ts'
import type { Limiter } from '../policy/limiter.ts'
import type { Limit, PolicyInForce } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import { ask } from './ask.ts'
import { auditOf } from './entry.ts'
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
    return { kind: 'own', decisionId: await refuse(reviewed, 'sender', deps) }
  }
  if (request.verdict === 'approve') return await approve(reviewed, deps)
  return await reject(reviewed, request.reason, deps)
}

async function approve(reviewed: Reviewed, deps: ReviewDeps): Promise<ReviewOutcome> {
  const { entry, at } = reviewed
  const { snapshot } = deps.policy()
  const decision = await ask(entry, at, { snapshot, store: deps.store })
  if (decision.effect === 'deny') return await deny(reviewed, decision, deps)
  const outcome = await takeLimitsOfApproved(entry, { snapshot, at }, deps)
  if (outcome.kind === 'rejected' || outcome.kind === 'blocked') {
    const { limit, retryAfterMs } = outcome
    const decisionId = await refuse(reviewed, `limit:${limit.name}`, deps)
    return { kind: 'limited', decisionId, limit, retryAfterMs }
  }
  const waitMs = outcome.kind === 'wait' ? outcome.waitMs : 0
  return await release(reviewed, { by: decision.by, waitMs }, deps)
}

async function release(
  reviewed: Reviewed,
  { by, waitMs }: { readonly by: string; readonly waitMs: number },
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
    audit: [auditOfReview(reviewed, { decision: 'done', by, id: entry.decisionId }, deps)],
  })
  return await whatBecame(entry, done, deps)
}

async function deny(reviewed: Reviewed, decision: Decision, deps: ReviewDeps): Promise<ReviewOutcome> {
  const { entry, at } = reviewed
  const { by, reason } = decision
  const detail = { decision: entry.decisionId ?? null, principal: entry.principal ?? 'system', by }
  const audit = [
    auditOfReview(reviewed, { decision: 'done', by, id: entry.decisionId }, deps),
    auditOf(
      entry,
      { ...SYSTEM, at, action: 'messages.send', decision: 'deny' },
      { ...detail, policy: deps.policy().revision },
    ),
  ]
  const settlement = { status: 'failed', at, code: 'denied', reason: `${by}: ${reason}`, audit } as const
  return await whatBecame(entry, await settleAs(entry, settlement, deps, HELD), deps)
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

/** Refuses the review, not the message. */
async function refuse(reviewed: Reviewed, by: string, deps: ReviewDeps): Promise<string> {
  const id = newId('dec', reviewed.at)
  await recordRefusal(auditOfReview(reviewed, { decision: 'deny', by, id }, deps), deps)
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
