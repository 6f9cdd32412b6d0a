import { randomBytes } from 'node:crypto'
import { newId } from '../lib/ids.ts'
import { step } from '../lib/step.ts'
import type { Actor, AuditDraft } from '../model/audit.ts'
import type { ChatId, Recipient } from '../model/chat.ts'
import type { Decision } from '../model/decision.ts'
import type { EventDraft, RouteEvent } from '../model/event.ts'
import { type AskedContent, isFile, type Message, type OutgoingContent } from '../model/message.ts'
import { messageEvent } from '../model/message-event.ts'
import type { GestureFault } from '../model/target.ts'
import { mayYet } from '../policy/decide/may-yet.ts'
import type { Quiet } from '../policy/decide/quiet.ts'
import { recordOf } from '../policy/decide/record.ts'
import type { Left, LimitOutcome } from '../policy/limit/bucket.ts'
import type { Limiter } from '../policy/limiter.ts'
import type { Limit, PolicyInForce, PolicySnapshot } from '../policy/snapshot.ts'
import type { IdempotencyKey } from '../store/messages.ts'
import type { Store } from '../store/store.ts'
import { askInFull, quietFor } from './ask.ts'
import type { Carried, Carry } from './carry.ts'
import { auditOf, type Entry, newMessageId } from './entry.ts'
import { limitSays } from './limit-says.ts'
import { recordRefusal } from './record-refusal.ts'
import { type Referred, refer } from './refer.ts'
import { sendLimitsOf } from './take-limits.ts'
import { createTurns } from './turns.ts'

export type EnqueueDeps = {
  readonly store: Store
  readonly policy: () => PolicyInForce
  readonly limiter: Limiter
  /** Finds the files that messages carry. */
  readonly carry: Carry
  /** Writes down what the limits have given, with whatever is stored next. */
  readonly keepLimits?: () => void
  readonly route: RouteEvent
  readonly now: () => Date
  /** The account's own number, when it is known. */
  readonly phoneOf?: (account: string) => string | undefined
}

export type EnqueueRequest = {
  readonly actor: Actor
  readonly account: string
  readonly recipient: Recipient
  readonly content: AskedContent
  /** Of a status: who is shown it. */
  readonly audience?: readonly string[]
  /** Digest of the body as it was sent: what tells a repeated request from another one under the same key. */
  readonly bodyDigest: string
  readonly idempotencyKey?: string
  readonly sendAt?: Date
  readonly expiresAt?: Date
  readonly callbackData?: string
  readonly purpose?: string
}

/**
 * How long an entry waits to be sent when its caller has set no `expires_at`: a week from the moment at which it may first
 * leave, as long as a webhook is tried. Nothing waits, and nothing is repeated, for ever.
 */
export const DEFAULT_LIFE_MS = 7 * 24 * 60 * 60 * 1_000

const SECRET_BYTES = 32

export type EnqueueResult =
  | {
      readonly kind: 'accepted'
      readonly message: Message
      readonly repeated: boolean
      /** Of the limits that were asked. */
      readonly left: readonly Left[]
    }
  | { readonly kind: 'denied'; readonly decisionId: string; readonly decision: Decision }
  | {
      readonly kind: 'limited'
      readonly decisionId: string
      readonly limit: Limit
      readonly retryAfterMs: number
    }
  | { readonly kind: 'key-reused' }
  /** What it is about cannot be changed, or is not there, or its file cannot be had; asked after the idempotency key, as below. */
  | GestureFault
  /** `expiresAt` has passed. Asked after the idempotency key: a request that was accepted in time is accepted still. */
  | { readonly kind: 'past' }

/** Where an entry starts, once nothing refuses it. */
type Start = {
  readonly status: 'queued' | 'held'
  readonly by: string
  readonly reason?: string
  readonly dueAt?: Date
}

/** An entry that nothing has been decided about yet. */
type Draft = Entry & { readonly decisionId: string; readonly content: AskedContent }

/**
 * Makes the one way into the outbox: asks the policy, takes the limits, and answers `accepted` only after the entry, its
 * event and its audit entry are on the disk. A repeated idempotency key gets its first answer and costs no limit again.
 */
export function createEnqueue(deps: EnqueueDeps): (request: EnqueueRequest) => Promise<EnqueueResult> {
  const turns = createTurns()
  return async request => {
    const key = keyOf(request)
    if (key === undefined) return await judge(request, undefined, deps)
    // Two requests with one key at the same time: the second waits, finds the first's entry and takes no limit.
    return await turns.take(`${key.principal}\0${key.key}`, async () => {
      const known = await deps.store.messages.findByKey(key)
      if (known.kind === 'key-reused') return known
      if (known.kind === 'repeated')
        return { kind: 'accepted', message: known.message, repeated: true, left: [] }
      return await judge(request, key, deps)
    })
  }
}

async function judge(
  request: EnqueueRequest,
  key: IdempotencyKey | undefined,
  deps: EnqueueDeps,
): Promise<EnqueueResult> {
  const policy = deps.policy()
  const at = deps.now()
  if (request.expiresAt !== undefined && request.expiresAt <= at) return { kind: 'past' }
  const chat = await deps.store.contacts.nameOf(request.recipient.chat)
  const draft = draftOf({ ...request, chat }, at, deps)
  const carried = await fileOf(draft, { actor: request.actor, at, snapshot: policy.snapshot }, deps)
  if (carried?.kind === 'unfit') return carried
  const whole = carried === undefined ? draft : { ...draft, content: carried.content }
  let isKept = false
  try {
    const result = await settle({ request, key, draft: whole, policy, at }, deps)
    isKept = result.kind === 'accepted' && !result.repeated
    return result
  } finally {
    if (!isKept) await carried?.undo()
  }
}

/** The file of an entry; undefined for what carries none, and where the policy or a limit refuses it whatever the file is. */
async function fileOf(
  draft: Draft,
  { actor, at, snapshot }: { readonly actor: Actor; readonly at: Date; readonly snapshot: PolicySnapshot },
  deps: EnqueueDeps,
): Promise<Carried | undefined> {
  const { account, content } = draft
  if (!isFile(content)) return undefined
  const { request, decision } = await askInFull(draft, at, { snapshot, store: deps.store })
  if (decision.effect === 'deny' && !mayYet(snapshot, request)) return undefined
  const limits = await sendLimitsOf(draft, { snapshot, at }, deps)
  const { kind } = limits.peek()
  if (kind === 'rejected' || kind === 'blocked') return undefined
  return await deps.carry({ actor, account, content, at, snapshot })
}

type Judging = {
  readonly request: EnqueueRequest
  readonly key: IdempotencyKey | undefined
  readonly draft: Draft
  readonly policy: PolicyInForce
  readonly at: Date
}

async function settle(
  { request, key, draft, policy, at }: Judging,
  deps: EnqueueDeps,
): Promise<EnqueueResult> {
  const { snapshot, revision } = policy
  const { decisionId } = draft
  const audit = (outcome: AuditDraft['decision'], by: string) =>
    auditOf(
      draft,
      { ...request.actor, at, action: 'messages.send', decision: outcome },
      { decision: decisionId, by, policy: revision },
    )

  const asked = await askInFull(draft, at, { snapshot, store: deps.store })
  const { decision, rules = decision } = asked
  const record = (said: Decision) =>
    recordOf(asked.request, said, {
      ...{ id: decisionId, policy, credential: request.actor.credential },
      ...(said === rules ? {} : { rules }),
    })
  if (decision.effect === 'deny') {
    await recordRefusal(audit('deny', decision.by), record(decision), deps)
    return { kind: 'denied', decisionId, decision }
  }
  const { chat, content } = draft
  const referred = await refer({ ...request, chat, content, asked }, at, { ...deps, snapshot })
  if (referred.kind === 'unfit') return referred
  // A held request takes its limits as well: a hold must not be the way round them.
  const limits = await sendLimitsOf(draft, { snapshot, at }, deps)
  const quiet = quietFor(decision, draft, { snapshot, at: leavesAt(draft, limits.peek(), at) })
  const outcome = quiet.kind === 'deny' ? limits.peek() : await limits.take()
  if (outcome.kind === 'rejected' || outcome.kind === 'blocked') {
    const said = limitSays('deny', outcome.limit)
    await recordRefusal(audit('deny', said.by), record(said), deps)
    return { kind: 'limited', decisionId, limit: outcome.limit, retryAfterMs: outcome.retryAfterMs }
  }
  if (quiet.kind === 'deny') {
    await recordRefusal(audit('deny', quiet.decision.by), record(quiet.decision), deps)
    return { kind: 'denied', decisionId, decision: quiet.decision }
  }
  const start = startOf(decision, { outcome, quiet }, at)
  const message = messageOf({ ...draft, ...whatItSays(referred) }, start, at)
  const event = deps.route(eventOf(message, start))
  const said =
    start.by === decision.by
      ? record(decision)
      : record({ effect: 'hold', by: start.by, reason: start.reason ?? '' })
  const effects = {
    events: [event],
    audit: [audit(start.status === 'held' ? 'hold' : 'allow', start.by)],
    decisions: [said],
  }
  step('outbox.before_enqueue')
  deps.keepLimits?.()
  const stored = await deps.store.messages.enqueue(message, key, effects)
  if (stored.kind === 'key-reused') return stored
  if (stored.kind === 'repeated')
    return { kind: 'accepted', message: stored.message, repeated: true, left: [] }
  step('outbox.enqueued')
  return { kind: 'accepted', message, repeated: false, left: outcome.left }
}

function startOf(
  decision: Decision,
  {
    outcome,
    quiet,
  }: {
    outcome: Exclude<LimitOutcome, { kind: 'rejected' | 'blocked' }>
    quiet: Exclude<Quiet, { kind: 'deny' }>
  },
  at: Date,
): Start {
  const wait = outcome.kind === 'wait' ? { dueAt: new Date(at.getTime() + outcome.waitMs) } : {}
  if (decision.effect === 'hold') return { status: 'held', by: decision.by, reason: decision.reason, ...wait }
  if (outcome.kind === 'hold') {
    const { by, reason } = limitSays('hold', outcome.limit)
    return { status: 'held', by, reason }
  }
  if (quiet.kind === 'wait') {
    return { status: 'queued', by: decision.by, reason: quiet.reason, dueAt: quiet.until }
  }
  return { status: 'queued', by: decision.by, ...wait }
}

/** When an entry may leave, as far as its sender and the limits are concerned. */
function leavesAt({ dueAt }: Draft, outcome: LimitOutcome, at: Date): Date {
  const waitMs = outcome.kind === 'wait' ? outcome.waitMs : 0
  const free = new Date(at.getTime() + waitMs)
  return dueAt !== undefined && dueAt > free ? dueAt : free
}

function draftOf(request: EnqueueRequest & { readonly chat: ChatId }, at: Date, deps: EnqueueDeps): Draft {
  const { actor, account, chat, content, audience, sendAt, expiresAt, callbackData, purpose } = request
  const from = deps.phoneOf?.(account)
  return {
    id: newId('obx', at),
    account,
    direction: 'out',
    chat,
    messageId: newMessageId(),
    content,
    principal: actor.principal,
    decisionId: newId('dec', at),
    createdAt: at,
    attemptCount: 0,
    ...(from === undefined ? {} : { from }),
    ...(audience === undefined ? {} : { audience }),
    ...(actor.ip === undefined ? {} : { ip: actor.ip }),
    ...(sendAt !== undefined && sendAt > at ? { dueAt: sendAt } : {}), // what is past is at once
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(callbackData === undefined ? {} : { callbackData }),
    ...(purpose === undefined ? {} : { purpose }),
  }
}

type Saying = Pick<Message, 'audience' | 'secret'> & { readonly content: OutgoingContent }

/** A poll's votes are encrypted with a secret, which has to be the same at every attempt. */
function whatItSays({ content, audience }: Extract<Referred, { kind: 'fit' }>): Saying {
  const secret = content.type === 'poll' ? { secret: randomBytes(SECRET_BYTES).toString('base64') } : {}
  return { content, ...secret, ...(audience === undefined ? {} : { audience }) }
}

function messageOf(draft: Draft & Saying, start: Start, at: Date): Message {
  const dueAt = later(draft.dueAt, start.dueAt)
  const held = start.status === 'held' ? { code: start.by } : {}
  const detail = start.reason === undefined ? {} : { detail: start.reason }
  const first = { status: start.status, at, ...held, ...detail }
  const expiresAt = draft.expiresAt ?? new Date((dueAt ?? at).getTime() + DEFAULT_LIFE_MS)
  return {
    ...draft,
    status: start.status,
    ...(dueAt === undefined ? {} : { dueAt }),
    expiresAt,
    timeline: [first],
  }
}

function eventOf(message: Message, { status, by, reason = '' }: Start): EventDraft {
  return messageEvent(status === 'held' ? 'message.held' : 'message.queued', message, {
    status,
    ...(status === 'held' ? { by, reason } : {}),
    ...(message.dueAt === undefined ? {} : { due_at: message.dueAt.toISOString() }),
  })
}

function later(one: Date | undefined, other: Date | undefined): Date | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one > other ? one : other
}

function keyOf(request: EnqueueRequest): IdempotencyKey | undefined {
  const { actor, idempotencyKey: key, bodyDigest } = request
  return key === undefined ? undefined : { principal: actor.principal, key, bodyDigest }
}
