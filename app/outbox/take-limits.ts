import type { RouteEvent } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import type { LimitOutcome } from '../policy/limit/bucket.ts'
import { applicableLimits, type LimitRequest } from '../policy/limit/key.ts'
import type { Limiter } from '../policy/limiter.ts'
import type { Limit, LimitKey, PolicySnapshot } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import type { Entry } from './entry.ts'

export type TakeDeps = {
  readonly store: Pick<Store, 'events' | 'messages'>
  readonly limiter: Limiter
  readonly route: RouteEvent
}

/** What a limit's key calls it, and what events call it. */
const WORDS: Readonly<Record<LimitKey, string>> = {
  principal: 'principal',
  account: 'account',
  recipient: 'contact',
  remoteIp: 'ip',
}

/** Every limit on sending, asked about one entry. */
export type SendLimits = {
  /** What they would come to now. */
  peek(): LimitOutcome
  take(): Promise<LimitOutcome>
}

/** Finds out what the limits on sending want to know of an entry. */
export async function sendLimitsOf(
  entry: Entry,
  { snapshot, at }: { readonly snapshot: PolicySnapshot; readonly at: Date },
  deps: TakeDeps,
): Promise<SendLimits> {
  const limits = applicableLimits(snapshot, 'send')
  const who = await asking(entry, limits, deps)
  return {
    peek: () => deps.limiter.peek(limits, who, at.getTime()),
    async take() {
      const outcome = deps.limiter.take(limits, who, at.getTime())
      await tellOfBlock(outcome, { who, at }, deps)
      return outcome
    },
  }
}

/**
 * The same for an entry that somebody approves. Limits that hold are what the approval lifts: they count it where they still
 * have a token. What took its tokens when it was held pays only what has flowed back since.
 */
export async function takeLimitsOfApproved(
  entry: Message,
  { snapshot, at }: { readonly snapshot: PolicySnapshot; readonly at: Date },
  deps: TakeDeps,
): Promise<LimitOutcome> {
  const limits = applicableLimits(snapshot, 'send')
  const heldBy = entry.timeline.findLast(step => step.status === 'held')?.code
  const paid = heldBy?.startsWith('limit:') ? {} : { paidAtMs: entry.createdAt.getTime() }
  const who = { ...(await asking(entry, limits, deps)), ...paid }
  const strict = limits.filter(({ onExceed }) => onExceed !== 'hold')
  const outcome = deps.limiter.take(strict, who, at.getTime())
  await tellOfBlock(outcome, { who, at }, deps)
  if (outcome.kind !== 'ok' && outcome.kind !== 'wait') return outcome
  for (const limit of limits) if (limit.onExceed === 'hold') deps.limiter.take([limit], who, at.getTime())
  return outcome
}

/** What the limits count an entry by. */
async function asking(entry: Entry, limits: readonly Limit[], { store }: TakeDeps): Promise<LimitRequest> {
  const asksAcquaintance = limits.some(({ firstContact }) => firstContact !== undefined)
  const { firstContact } = asksAcquaintance
    ? await store.messages.acquaintance(entry.account, entry.chat)
    : {}
  return { ...limitRequestOf(entry), ...(firstContact === undefined ? {} : { firstContact }) }
}

/** Raises `limit.reached` when a limit shuts somebody out for a time; only once for each such time. */
export async function tellOfBlock(
  outcome: LimitOutcome,
  { who, at }: { readonly who: LimitRequest; readonly at: Date },
  { store, route }: Pick<TakeDeps, 'route'> & { readonly store: Pick<Store, 'events'> },
): Promise<void> {
  if (outcome.kind !== 'blocked' || !outcome.began) return
  const { limit, retryAfterMs } = outcome
  const until = new Date(at.getTime() + retryAfterMs).toISOString()
  const { account } = who
  const event = route({
    type: 'limit.reached',
    ...(account !== undefined && limit.key.includes('account') ? { account } : {}),
    data: { limit: limit.name, blocked_until: until, ...about(limit, who) },
  })
  await store.events.append({ events: [event] })
}

function about({ key }: Limit, who: LimitRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(key.map(part => [WORDS[part], who[part] ?? '']))
}

function limitRequestOf({ principal, account, chat, ip }: Entry): LimitRequest {
  return {
    principal: principal ?? 'system',
    account,
    recipient: chat,
    ...(ip === undefined ? {} : { remoteIp: ip }),
  }
}
