import type { Request } from 'express'
import type { Left } from '../../policy/limit/bucket.ts'
import type { Headers } from '../answer.ts'

const allowances = new WeakMap<Request, readonly Left[]>()

/** Remembers what the policy's limits leave to whoever asked, for the headers of the answer. */
export function noteAllowance(request: Request, left: readonly Left[]): void {
  allowances.set(request, [...(allowances.get(request) ?? []), ...left])
}

/** The headers of the RateLimit draft: `r` is what is left, `t` the seconds until all of it is there again. */
export function allowanceHeaders(request: Request): Headers {
  const left = allowances.get(request) ?? []
  return left.length === 0 ? {} : rateLimitHeaders(left)
}

/** Each limit with what is left of it. */
export function rateLimitHeaders(left: readonly Left[]): Headers {
  const seconds = (ms: number) => Math.max(1, Math.ceil(ms / 1_000))
  const one = ({ limit, tokens, fullInMs }: Left) => `"${limit.name}";r=${tokens};t=${seconds(fullInMs)}`
  const policy = ({ limit }: Left) => `"${limit.name}";q=${limit.burst};w=${seconds(limit.periodMs)}`
  return { RateLimit: left.map(one).join(', '), 'RateLimit-Policy': left.map(policy).join(', ') }
}
