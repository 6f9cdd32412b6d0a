import { type Backoff, backoffMs } from '../lib/backoff.ts'
import { reasonOf } from '../lib/error.ts'
import { newId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { SYSTEM } from '../model/audit.ts'
import type { Decision } from '../model/decision.ts'
import type { RouteEvent } from '../model/event.ts'
import { isDamaged, type Message, type OutgoingContent } from '../model/message.ts'
import { messageEvent } from '../model/message-event.ts'
import type { SendOutcome, SendPort } from '../model/send-port.ts'
import { recordOf } from '../policy/decide/record.ts'
import type { PolicyInForce, PolicySnapshot } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import { type Asked, ask, quietFor } from './ask.ts'
import { auditOf } from './entry.ts'
import { type Settlement, settleAs } from './settle.ts'

export type LeaveDeps = {
  readonly store: Store
  readonly port: Pick<SendPort, 'send'>
  readonly policy: () => PolicyInForce
  readonly route: RouteEvent
  readonly log: Log
  readonly now: () => Date
  readonly random: () => number
}

/** Writes down what came of an entry, in one transaction; may be called again until it succeeds. */
export type Settle = () => Promise<void>

const RESEND: Backoff = { baseMs: 1_000, maxMs: 60_000 }
/** After WhatsApp has asked for patience. */
const PATIENT: Backoff = { baseMs: 5_000, maxMs: 10 * 60_000 }
/** After the connection has ended: it goes soon after the next is open, however often that has happened. */
const CUT_OFF: Backoff = { baseMs: 1_000, maxMs: 5_000 }
const OUT_OF_TIME = 'its time to be sent has passed'
const UNREADABLE = { code: 'message.unreadable', reason: 'it cannot be read any more' } as const

/**
 * Brings one claimed entry as far as it goes: asks the policy of this moment again and sends. Never throws and writes
 * nothing itself: the answer is the way to write the outcome down.
 */
export async function leave(entry: Message, deps: LeaveDeps): Promise<Settle> {
  const at = deps.now()
  if (entry.expiresAt !== undefined && entry.expiresAt <= at) {
    return settling(entry, { status: 'expired', at, reason: OUT_OF_TIME }, deps)
  }
  if (isDamaged(entry)) return settling(entry, { status: 'failed', at, ...UNREADABLE }, deps)
  const policy = deps.policy()
  const asked = await askAgain(entry, at, { ...deps, snapshot: policy.snapshot })
  if (asked !== undefined && !letsGo(asked.decision, entry)) return () => stay(entry, asked, policy, deps)
  if (asked !== undefined) {
    const quiet = quietFor(asked.decision, entry, { snapshot: policy.snapshot, at })
    if (quiet.kind === 'deny') return () => stay(entry, { ...asked, decision: quiet.decision }, policy, deps)
    if (quiet.kind === 'wait') {
      return () => deps.store.messages.postpone(entry.id, { dueAt: quiet.until, reason: quiet.reason })
    }
  }
  const outcome: SendOutcome =
    asked === undefined ? { kind: 'retry', reason: 'the policy could not be asked' } : await send(entry, deps)
  switch (outcome.kind) {
    case 'acked':
      return settling(entry, { status: 'sent', at: outcome.at }, deps)
    case 'refused': {
      const { code, reason } = outcome
      return settling(entry, { status: 'failed', at: deps.now(), code, reason }, deps)
    }
    case 'retry':
      return again(entry, outcome, deps)
    case 'ask-again':
      return await leave(entry, deps)
  }
}

function settling(entry: Message, settlement: Settlement, deps: LeaveDeps): Settle {
  return async () => void (await settleAs(entry, settlement, deps))
}

/** A hold wants somebody to look, and at what was approved somebody has looked. */
function letsGo({ effect }: Decision, { approvedBy }: Message): boolean {
  return effect === 'allow' || (effect === 'hold' && approvedBy !== undefined)
}

function again(entry: Message, outcome: SendOutcome & { kind: 'retry' }, deps: LeaveDeps): Settle {
  const { reason, giveUp } = outcome
  const code = giveUp?.code
  const alike = entry.timeline.filter(step => code !== undefined && step.code === code).length + 1
  if (giveUp !== undefined && alike >= giveUp.afterAttempts) {
    return settling(entry, { status: 'failed', at: deps.now(), code, reason }, deps)
  }
  const waitMs = backoffMs(entry.attemptCount - 1, backoffAfter(outcome), deps.random)
  const dueAt = new Date(deps.now().getTime() + waitMs)
  deps.log.info('outbox.retry', { id: entry.id, attempt: entry.attemptCount, reason })
  return () =>
    deps.store.messages.requeue(entry.id, { dueAt, reason, ...(code === undefined ? {} : { code }) })
}

function backoffAfter({ patient, cutOff }: SendOutcome & { kind: 'retry' }): Backoff {
  if (patient) return PATIENT
  return cutOff ? CUT_OFF : RESEND
}

/** Marks an entry that still waits and has run out of time. */
export async function expire(entry: Message, deps: LeaveDeps): Promise<void> {
  const at = deps.now()
  await settleAs(entry, { status: 'expired', at, reason: OUT_OF_TIME }, deps, ['queued', 'held'])
}

/** Undefined when the store did not say what a rule wants to know. */
async function askAgain(
  entry: Message,
  at: Date,
  { snapshot, store, log }: LeaveDeps & { readonly snapshot: PolicySnapshot },
): Promise<Asked | undefined> {
  try {
    return await ask(entry, at, { snapshot, store })
  } catch (error) {
    log.error('outbox.ask_failed', { id: entry.id, reason: reasonOf(error) })
    return undefined
  }
}

async function send(entry: Message, deps: LeaveDeps): Promise<SendOutcome> {
  try {
    return await deps.port.send({ ...entry, content: entry.content as OutgoingContent })
  } catch (error) {
    deps.log.error('outbox.send_threw', { id: entry.id, reason: reasonOf(error) })
    return { kind: 'retry', reason: 'the send broke off' }
  }
}

/** The policy of this moment does not let it go: it fails, or waits for a human. */
async function stay(entry: Message, asked: Asked, policy: PolicyInForce, deps: LeaveDeps): Promise<void> {
  const { request, decision, rules } = asked
  const { effect, by, reason } = decision
  const { at } = request
  const id = newId('dec', at)
  const audit = auditOf(
    entry,
    { ...SYSTEM, at, action: 'messages.send', decision: effect },
    { decision: id, principal: entry.principal ?? 'system', by, policy: policy.revision },
  )
  const written = {
    audit: [audit],
    decisions: [recordOf(request, decision, { id, policy, ...(rules && { rules }) })],
  }
  if (effect === 'deny') {
    const settlement = { status: 'failed', at, code: 'denied', reason: `${by}: ${reason}` } as const
    await settleAs(entry, { ...settlement, ...written }, deps)
    return
  }
  const event = deps.route(
    messageEvent('message.held', { ...entry, status: 'held' }, { status: 'held', by, reason }),
  )
  await deps.store.messages.hold(entry.id, { at, by, reason }, { events: [event], ...written })
}
