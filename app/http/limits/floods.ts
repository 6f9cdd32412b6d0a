import type { Request, RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import type { Limit } from '../../policy/snapshot.ts'
import { type Problem, problem } from '../answer.ts'
import type { FloodLimits } from '../deps.ts'
import { entrances } from '../hop/call.ts'
import { send } from '../send.ts'
import { rateLimitHeaders } from './allowance.ts'
import { addressKey } from './bounded.ts'

/** Above what any service needs: these stop floods. What a principal may do is the policy's `RateLimits`. */
export const DEFAULT_FLOODS: FloodLimits = { requests: 20_000, failures: 1_000, windowMs: 10_000 }

/** Counts every request of a remote address. */
export function countRequests(limits: FloodLimits): RequestHandler {
  return count('requests', limits.requests, limits.windowMs)
}

/** Counts the failed authentications of a remote address; run it on those alone. */
export function countFailures(limits: FloodLimits): RequestHandler {
  return count('failed-authentications', limits.failures, limits.windowMs)
}

/** A 429 by a limit of the policy, with the headers of the RateLimit draft. */
export function limitProblem(limit: Limit, retryAfterMs: number, decision?: string): Problem {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000))
  return problem(
    limit.onExceed === 'block' ? 'blocked' : 'limited',
    `The limit "${limit.name}" is used up.`,
    {
      ...(decision === undefined ? {} : { decision }),
      headers: {
        ...rateLimitHeaders([{ limit, tokens: 0, fullInMs: retryAfterMs }]),
        'Retry-After': String(seconds),
      },
    },
  )
}

function count(identifier: string, limit: number, windowMs: number): RequestHandler {
  return rateLimit({
    windowMs,
    limit,
    identifier,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (request: Request) => addressKey(entrances.get(request).remoteIp),
    handler: (request, response) => {
      send(request, response, problem('limited', 'Too many requests come from this address; slow down.'))
    },
  })
}
