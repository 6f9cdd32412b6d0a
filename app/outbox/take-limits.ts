import type { RouteEvent } from '../model/event.ts'
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

/** Asks every limit on sending about an entry, and takes its tokens. */
export async function takeSendLimits(
  entry: Entry,
  { snapshot, at }: { readonly snapshot: PolicySnapshot; readonly at: Date },
  deps: TakeDeps,
): Promise<LimitOutcome> {
  const limits = applicableLimits(snapshot, 'send')
  const asksAcquaintance = limits.some(({ firstContact }) => firstContact !== undefined)
  const { firstContact } = asksAcquaintance
    ? await deps.store.messages.acquaintance(entry.account, entry.chat)
    : {}
  const who = { ...limitRequestOf(entry), ...(firstContact === undefined ? {} : { firstContact }) }
  const outcome = deps.limiter.take(limits, who, at.getTime())
  await tellOfBlock(outcome, { who, at }, deps)
  return outcome
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
