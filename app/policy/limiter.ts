import { ipv6Bits, plainIp } from './networks.ts'
import type { Limit, LimitKey, PolicySnapshot } from './snapshot.ts'

/** What a limit is counted by. A limit whose key names something that the request lacks does not hold for it. */
export type LimitRequest = {
  readonly principal?: string
  readonly account?: string
  readonly recipient?: string
  readonly remoteIp?: string
}

/** `wait`: granted, but only after `waitMs`. `hold`: wants a person's approval. Tokens are gone after `ok` and `wait` alone. */
export type LimitOutcome =
  | { readonly kind: 'ok' }
  | { readonly kind: 'wait'; readonly limit: Limit; readonly waitMs: number }
  | { readonly kind: 'hold'; readonly limit: Limit }
  | { readonly kind: 'rejected'; readonly limit: Limit; readonly retryAfterMs: number }
  | { readonly kind: 'blocked'; readonly limit: Limit; readonly retryAfterMs: number }

export type Limiter = {
  /** Asks all limits and takes one token of each, or of none. `nowMs` must not go backwards by much. */
  take(limits: readonly Limit[], request: LimitRequest, nowMs: number): LimitOutcome
  /** The same question without taking anything or starting a block. */
  peek(limits: readonly Limit[], request: LimitRequest, nowMs: number): LimitOutcome
  /** Buckets kept at the moment. */
  size(): number
}

type Bucket = {
  readonly limit: Limit
  /** May be below zero: tokens promised to those who wait. */
  tokens: number
  atMs: number
  blockedUntilMs: number
}

/** One bucket of one limit, as it stands at the moment of a request. */
type Look = {
  readonly key: string
  readonly limit: Limit
  readonly tokens: number
  readonly blockedMs: number
}

/** `request`: asked at every request. `send`: at every message. `auth`: at every failed log-in. */
export type LimitScope = 'request' | 'send' | 'auth'

const MAX_BUCKETS = 100_000
const SWEEP_EVERY = 10_000
/** Whoever has one IPv6 address has all of its /64. */
const IPV6_BITS = 64
/** The worst that any limit says decides. */
const SEVERITY = { ok: 0, wait: 1, hold: 2, rejected: 3, blocked: 4 } as const

/** The limits that are asked at one kind of moment. */
export function applicableLimits(snapshot: PolicySnapshot, scope: LimitScope): readonly Limit[] {
  return [...snapshot.limits.values()].filter(limit => scopeOf(limit) === scope)
}

/**
 * Token buckets in memory: each holds `burst` tokens and refills continuously at `count` per period. Full buckets are
 * dropped; beyond 100,000 the ones longest untouched go first.
 */
export function createLimiter(): Limiter {
  const buckets = new Map<string, Bucket>()
  let takes = 0
  return { take, peek, size: () => buckets.size }

  function take(limits: readonly Limit[], request: LimitRequest, nowMs: number): LimitOutcome {
    takes += 1
    if (takes % SWEEP_EVERY === 0 || buckets.size >= MAX_BUCKETS) sweep(nowMs)
    const looks = looksAt(limits, request, nowMs)
    const outcome = worst(looks)
    if (outcome.kind === 'ok' || outcome.kind === 'wait') {
      for (const look of looks) put(look, look.tokens - 1, nowMs)
    }
    if (outcome.kind === 'blocked') startBlocks(looks, nowMs)
    return outcome
  }

  function peek(limits: readonly Limit[], request: LimitRequest, nowMs: number): LimitOutcome {
    return worst(looksAt(limits, request, nowMs))
  }

  function looksAt(limits: readonly Limit[], request: LimitRequest, nowMs: number): readonly Look[] {
    return limits.flatMap((limit): Look[] => {
      const key = keyOf(limit, request)
      if (key === undefined) return []
      const bucket = buckets.get(key)
      const blockedMs = Math.max(0, (bucket?.blockedUntilMs ?? 0) - nowMs)
      return [
        {
          key,
          limit,
          tokens: bucket === undefined ? limit.burst : refilled(bucket, limit, nowMs),
          blockedMs,
        },
      ]
    })
  }

  function put(look: Look, tokens: number, nowMs: number, blockedUntilMs = 0): void {
    buckets.delete(look.key) // so that the map's order is that of the last touch
    buckets.set(look.key, { limit: look.limit, tokens, atMs: nowMs, blockedUntilMs })
  }

  function startBlocks(looks: readonly Look[], nowMs: number): void {
    for (const look of looks) {
      if (outcomeOf(look).kind !== 'blocked' || look.blockedMs > 0) continue
      put(look, look.tokens, nowMs, nowMs + (look.limit.blockForMs ?? 0))
    }
  }

  function sweep(nowMs: number): void {
    for (const [key, bucket] of buckets) {
      const idle =
        bucket.blockedUntilMs <= nowMs && refilled(bucket, bucket.limit, nowMs) >= bucket.limit.burst
      if (idle) buckets.delete(key)
    }
    const tooMany = buckets.size - (MAX_BUCKETS - SWEEP_EVERY)
    if (tooMany <= 0) return
    for (const key of [...buckets.keys()].slice(0, tooMany)) buckets.delete(key)
  }
}

/** The moment at which a limit is asked. */
export function scopeOf({ key }: Limit): LimitScope {
  if (key.includes('account') || key.includes('recipient')) return 'send'
  return key.every(part => part === 'remoteIp') ? 'auth' : 'request'
}

function worst(looks: readonly Look[]): LimitOutcome {
  let found: LimitOutcome = { kind: 'ok' }
  for (const look of looks) {
    const outcome = outcomeOf(look)
    const more = SEVERITY[outcome.kind] - SEVERITY[found.kind]
    if (more > 0 || (more === 0 && delayOf(outcome) > delayOf(found))) found = outcome
  }
  return found
}

function outcomeOf({ limit, tokens, blockedMs }: Look): LimitOutcome {
  if (blockedMs > 0) return { kind: 'blocked', limit, retryAfterMs: blockedMs }
  if (tokens >= 1) return { kind: 'ok' }
  const waitMs = Math.ceil(((1 - tokens) * limit.periodMs) / limit.count)
  switch (limit.onExceed) {
    case 'queue':
      return waitMs <= (limit.maxWaitMs ?? Number.POSITIVE_INFINITY)
        ? { kind: 'wait', limit, waitMs }
        : { kind: 'rejected', limit, retryAfterMs: waitMs - (limit.maxWaitMs ?? 0) }
    case 'hold':
      return { kind: 'hold', limit }
    case 'block':
      return { kind: 'blocked', limit, retryAfterMs: limit.blockForMs ?? waitMs }
    case 'reject':
      return { kind: 'rejected', limit, retryAfterMs: waitMs }
  }
}

function delayOf(outcome: LimitOutcome): number {
  if (outcome.kind === 'wait') return outcome.waitMs
  return outcome.kind === 'rejected' || outcome.kind === 'blocked' ? outcome.retryAfterMs : 0
}

/** By the limit of now, which a new policy may have changed. */
function refilled(bucket: Bucket, limit: Limit, nowMs: number): number {
  const passedMs = Math.max(0, nowMs - bucket.atMs)
  return Math.min(limit.burst, bucket.tokens + (passedMs * limit.count) / limit.periodMs)
}

/** Undefined when the limit does not hold for this request. */
function keyOf(limit: Limit, request: LimitRequest): string | undefined {
  const { principals } = limit
  if (principals !== undefined && !principals.includes(request.principal ?? '')) return undefined
  const parts = [limit.name, ...limit.key.map(part => valueFor(part, request))]
  return parts.includes(undefined) ? undefined : JSON.stringify(parts)
}

function valueFor(part: LimitKey, request: LimitRequest): string | undefined {
  if (part !== 'remoteIp' || request.remoteIp === undefined) return request[part]
  const ip = plainIp(request.remoteIp) ?? request.remoteIp
  return ip.includes(':') ? ipv6Bits(ip).slice(0, IPV6_BITS) : ip
}
