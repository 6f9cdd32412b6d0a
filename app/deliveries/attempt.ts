import type { Endpoint } from '../policy/snapshot.ts'
import type { Delivery } from '../store/deliveries.ts'
import { type PostDeps, post } from './post.ts'
import { nextAttemptAt } from './schedule.ts'

/** What one POST to an endpoint came to. The worker stores it; nothing else decides a retry. */
export type Outcome = { readonly status?: number; readonly answer?: string } & (
  | { readonly kind: 'delivered'; readonly status: number }
  /** `notBefore` is what the endpoint asked for, `dueAt` the schedule under it. */
  | { readonly kind: 'retry'; readonly reason: string; readonly dueAt: Date; readonly notBefore: Date }
  | { readonly kind: 'dead'; readonly reason: string }
  /** It stays owed: the endpoint is disabled, and whoever enables it again wants what came in between. */
  | { readonly kind: 'endpoint-gone'; readonly reason: string }
)

export type AttemptDeps = PostDeps & { readonly random: () => number }

type Failure = { readonly reason: string; readonly status?: number; readonly answer?: string }

const MAX_RETRY_AFTER_MS = 60 * 60 * 1_000
/** Of a success nobody reads more, and there are many. */
const MAX_THANKS = 1_024

/** Posts one delivery. Never throws. */
export async function attempt(delivery: Delivery, endpoint: Endpoint, deps: AttemptDeps): Promise<Outcome> {
  const letter = { event: delivery.event, attempt: delivery.attemptCount + 1 }
  const posted = await post(letter, endpoint, deps)
  if (posted.kind === 'refused') return { kind: 'dead', reason: posted.reason } // the policy forbids the address
  if (posted.kind !== 'answered') return retryOrDie({ reason: posted.reason })
  const { status, bodyHead, retryAfterMs } = posted
  const told = (most: number) => ({ status, ...(bodyHead === '' ? {} : { answer: bodyHead.slice(0, most) }) })
  if (status >= 200 && status < 300) return { kind: 'delivered', ...told(MAX_THANKS) }
  const failure = { reason: `endpoint answered ${status}`, ...told(bodyHead.length) }
  if (status === 410) return { ...failure, kind: 'endpoint-gone', reason: 'endpoint answered 410 Gone' }
  return retryOrDie(failure, retryAfterMs)

  function retryOrDie(failure: Failure, retryAfterMs = 0): Outcome {
    const failedAt = deps.now()
    const tried = { createdAt: delivery.begunAt, attemptCount: delivery.attemptCount - delivery.begunAfter }
    const scheduledAt = nextAttemptAt(tried, endpoint.retry.maxAgeMs, failedAt, deps.random)
    if (scheduledAt === undefined) return { kind: 'dead', ...failure }
    const notBefore = new Date(failedAt.getTime() + Math.min(retryAfterMs, MAX_RETRY_AFTER_MS))
    const dueAt = scheduledAt > notBefore ? scheduledAt : notBefore
    return { kind: 'retry', ...failure, dueAt, notBefore }
  }
}
