import {
  costOf,
  fullInMs,
  type Left,
  type LimitOutcome,
  type Look,
  outcomeOf,
  refilled,
  worst,
} from './limit/bucket.ts'
import { type Buckets, createBuckets, MAX_BUCKETS, SWEEP_EVERY } from './limit/buckets.ts'
import { keyOf, type LimitRequest } from './limit/key.ts'
import type { Limit } from './snapshot.ts'

export type Limiter = {
  /** Asks all limits and takes one token of each, or of none. `nowMs` must not go backwards by much. */
  take(limits: readonly Limit[], request: LimitRequest, nowMs: number): LimitOutcome
  /** The same question without taking anything or starting a block. */
  peek(limits: readonly Limit[], request: LimitRequest, nowMs: number): LimitOutcome
  /** The longest block that an earlier request of the kind has started. */
  blockOf(limits: readonly Limit[], request: LimitRequest, nowMs: number): Block | undefined
  /** What it counts in. */
  readonly buckets: Buckets
}

export type Block = { readonly limit: Limit; readonly retryAfterMs: number }

/** Token buckets in memory: each holds `burst` tokens and refills continuously at `count` per period. */
export function createLimiter(): Limiter {
  const buckets = createBuckets()
  let takes = 0
  return { take, peek, blockOf, buckets }

  function take(limits: readonly Limit[], request: LimitRequest, nowMs: number): LimitOutcome {
    takes += 1
    if (takes % SWEEP_EVERY === 0 || buckets.size >= MAX_BUCKETS) buckets.sweep(nowMs)
    const looks = looksAt(limits, request, nowMs)
    const outcome = worst(looks)
    switch (outcome.kind) {
      case 'ok':
      case 'wait': {
        const taken = looks.map(look => ({ ...look, tokens: look.tokens - look.cost }))
        for (const { key, limit, tokens } of taken) {
          buckets.put(key, { limit, tokens, atMs: nowMs, blockedUntilMs: 0 })
        }
        return { ...outcome, left: taken.map(leftOf) }
      }
      case 'hold':
        return { ...outcome, left: looks.map(leftOf) }
      case 'blocked':
        startBlocks(looks, nowMs)
        return outcome
      case 'rejected':
        return outcome
    }
  }

  function peek(limits: readonly Limit[], request: LimitRequest, nowMs: number): LimitOutcome {
    return worst(looksAt(limits, request, nowMs))
  }

  function blockOf(limits: readonly Limit[], request: LimitRequest, nowMs: number): Block | undefined {
    const blocking = looksAt(limits, request, nowMs).filter(({ blockedMs }) => blockedMs > 0)
    const longest = blocking.toSorted((a, b) => b.blockedMs - a.blockedMs)[0]
    return longest && { limit: longest.limit, retryAfterMs: longest.blockedMs }
  }

  function looksAt(limits: readonly Limit[], request: LimitRequest, nowMs: number): readonly Look[] {
    return limits.flatMap((limit): Look[] => {
      const key = keyOf(limit, request)
      if (key === undefined) return []
      const bucket = buckets.get(key)
      const blockedMs = Math.max(0, (bucket?.blockedUntilMs ?? 0) - nowMs)
      const tokens = bucket === undefined ? limit.burst : refilled(bucket, limit, nowMs)
      return [{ key, limit, tokens, cost: costOf(limit, request, nowMs), blockedMs }]
    })
  }

  function startBlocks(looks: readonly Look[], nowMs: number): void {
    for (const look of looks) {
      const { key, limit, tokens, blockedMs } = look
      if (outcomeOf(look).kind !== 'blocked' || blockedMs > 0) continue
      buckets.put(key, { limit, tokens, atMs: nowMs, blockedUntilMs: nowMs + (limit.blockForMs ?? 0) })
    }
  }
}

function leftOf({ limit, tokens }: Look): Left {
  return { limit, tokens: Math.max(0, Math.floor(tokens)), fullInMs: fullInMs(limit, tokens) }
}
