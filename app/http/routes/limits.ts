import type { BucketState } from '../../policy/limit/buckets.ts'
import { scopeOf } from '../../policy/limit/key.ts'
import type { Limiter } from '../../policy/limiter.ts'
import { warmUpDay } from '../../policy/pacing.ts'
import type { Limit, Pacing } from '../../policy/snapshot.ts'
import { type Answer, json } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { type InUse, limitJson, paceJson, type Today } from '../wire/limits.ts'
import { type Route, V1_SITES } from './route.ts'

type LimitDeps = Pick<HttpDeps, 'limiter' | 'now' | 'store'>

/** Buckets shown of one limit. */
const SHOWN = 50

/** `GET /v1/limits`: every limit of the policy in force and who has used how much of it, and the pace of each account. */
export function limitRoutes(deps: LimitDeps): readonly Route[] {
  return [
    {
      method: 'get',
      path: '/v1/limits',
      sites: V1_SITES,
      access: { kind: 'appliance', action: 'policy.read' },
      handle: call => list(call, deps),
    },
  ]
}

async function list({ policy }: Call, { limiter, now, store }: LimitDeps): Promise<Answer> {
  const at = now()
  const { limits, pacing } = policy.snapshot
  const used = inUse(limiter, limits, at)
  const data = [...limits.values()].map(limit => ({
    counts: { request: 'requests', send: 'messages', auth: 'failed_log_ins' }[scopeOf(limit)],
    ...limitJson(limit, used.get(limit.name) ?? { count: 0, fullest: [] }, at),
  }))
  const paces = [...pacing].map(async ([account, pace]) =>
    paceJson(account, pace, await today(account, pace, { store, at })),
  )
  return json({ data, pacing: await Promise.all(paces), next: null })
}

async function today(
  account: string,
  { warmUp }: Pacing,
  { store, at }: { readonly store: LimitDeps['store']; readonly at: Date },
): Promise<Today | undefined> {
  const linkedAt = await store.accounts.linkedAt(account)
  if (warmUp === undefined || linkedAt === undefined) return undefined
  const day = warmUpDay(warmUp, linkedAt, at)
  return { ...day, sent: await store.messages.triedSince(account, day.since) }
}

/** One walk over all buckets; of each limit the few that lack most are kept. */
function inUse(limiter: Limiter, limits: ReadonlyMap<string, Limit>, at: Date): ReadonlyMap<string, InUse> {
  const found = new Map<string, { count: number; fullest: BucketState[] }>()
  for (const state of limiter.buckets.states(at.getTime())) {
    if (!limits.has(state.limit) || state.restsAtMs <= at.getTime()) continue
    const one = found.get(state.limit) ?? { count: 0, fullest: [] }
    found.set(state.limit, one)
    one.count += 1
    one.fullest.push(state)
    if (one.fullest.length >= 2 * SHOWN) one.fullest = mostUsed(one.fullest)
  }
  return new Map(
    [...found].map(([name, { count, fullest }]) => [name, { count, fullest: mostUsed(fullest) }]),
  )
}

function mostUsed(states: readonly BucketState[]): BucketState[] {
  return states.toSorted((a, b) => b.blockedUntilMs - a.blockedUntilMs || a.tokens - b.tokens).slice(0, SHOWN)
}
