import type { Limit } from '../snapshot.ts'
import type { LimitRequest } from './key.ts'

/** `wait`: granted, but only after `waitMs`. `hold`: wants a person's approval. Tokens are gone after `ok` and `wait` alone. */
export type LimitOutcome =
  | { readonly kind: 'ok'; readonly left: readonly Left[] }
  | { readonly kind: 'wait'; readonly limit: Limit; readonly waitMs: number; readonly left: readonly Left[] }
  | { readonly kind: 'hold'; readonly limit: Limit; readonly left: readonly Left[] }
  | { readonly kind: 'rejected'; readonly limit: Limit; readonly retryAfterMs: number }
  /** `began`: this request is the one that is shut out first. */
  | {
      readonly kind: 'blocked'
      readonly limit: Limit
      readonly retryAfterMs: number
      readonly began: boolean
    }

/** What is left of one limit for whoever asked. */
export type Left = { readonly limit: Limit; readonly tokens: number; readonly fullInMs: number }

/** How full a bucket was at an instant. */
export type Bucket = {
  readonly limit: Limit
  /** May be below zero: tokens promised to those who wait. */
  readonly tokens: number
  readonly atMs: number
  readonly blockedUntilMs: number
}

/** One bucket of one limit, as it stands at the moment of a request. */
export type Look = {
  readonly key: string
  readonly limit: Limit
  readonly tokens: number
  /** What the request takes of them: one, or a part of one. */
  readonly cost: number
  readonly blockedMs: number
}

/** The worst that any limit says decides. */
const SEVERITY = { ok: 0, wait: 1, hold: 2, rejected: 3, blocked: 4 } as const

/** What several limits come to together. */
export function worst(looks: readonly Look[]): LimitOutcome {
  let found: LimitOutcome = { kind: 'ok', left: [] }
  for (const look of looks) {
    const outcome = outcomeOf(look)
    const more = SEVERITY[outcome.kind] - SEVERITY[found.kind]
    if (more > 0 || (more === 0 && delayOf(outcome) > delayOf(found))) found = outcome
  }
  return found
}

/** What one limit says. */
export function outcomeOf({ limit, tokens, cost, blockedMs }: Look): LimitOutcome {
  if (blockedMs > 0) return { kind: 'blocked', limit, retryAfterMs: blockedMs, began: false }
  if (tokens >= cost) return { kind: 'ok', left: [] }
  const waitMs = Math.ceil(((cost - tokens) * limit.periodMs) / limit.count)
  switch (limit.onExceed) {
    case 'queue':
      return waitMs <= (limit.maxWaitMs ?? Number.POSITIVE_INFINITY)
        ? { kind: 'wait', limit, waitMs, left: [] }
        : { kind: 'rejected', limit, retryAfterMs: waitMs - (limit.maxWaitMs ?? 0) }
    case 'hold':
      return { kind: 'hold', limit, left: [] }
    case 'block':
      return { kind: 'blocked', limit, retryAfterMs: limit.blockForMs ?? waitMs, began: true }
    case 'reject':
      return { kind: 'rejected', limit, retryAfterMs: waitMs }
  }
}

/** What waited as long as a token takes to flow in pays in full; what was held for a moment, next to nothing. */
export function costOf({ count, periodMs }: Limit, { paidAtMs }: LimitRequest, nowMs: number): number {
  return paidAtMs === undefined ? 1 : Math.min(1, (Math.max(0, nowMs - paidAtMs) * count) / periodMs)
}

/** By the limit of now, which a new policy may have changed. */
export function refilled(bucket: Bucket, limit: Limit, nowMs: number): number {
  const passedMs = Math.max(0, nowMs - bucket.atMs)
  return Math.min(limit.burst, bucket.tokens + (passedMs * limit.count) / limit.periodMs)
}

/** How long until a bucket with so many tokens holds its burst. */
export function fullInMs(limit: Limit, tokens: number): number {
  return Math.max(0, Math.ceil(((limit.burst - tokens) * limit.periodMs) / limit.count))
}

function delayOf(outcome: LimitOutcome): number {
  if (outcome.kind === 'wait') return outcome.waitMs
  return outcome.kind === 'rejected' || outcome.kind === 'blocked' ? outcome.retryAfterMs : 0
}
