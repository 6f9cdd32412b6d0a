import type { Limit } from '../snapshot.ts'
import { type Bucket, fullInMs, refilled } from './bucket.ts'

/** A bucket as it is written down, so that a restart hands out no fresh burst. `key` begins with the limit's name. */
export type BucketState = {
  readonly key: string
  readonly limit: string
  readonly tokens: number
  readonly atMs: number
  readonly blockedUntilMs: number
  /** From then on the bucket says nothing that an absent one does not. */
  readonly restsAtMs: number
}

/** The buckets in memory, and which of them have changed since they were last written down. */
export type Buckets = {
  get(key: string): Bucket | undefined
  put(key: string, bucket: Bucket): void
  readonly size: number
  /** Every bucket, as it stands now. */
  states(nowMs: number): IterableIterator<BucketState>
  /** What changed since this was last asked; what is full again within a second is not worth a word. */
  changes(nowMs: number): readonly BucketState[]
  /** Calls `listener` when there are changes again after there were none. */
  onChange(listener: () => void): void
  /** Takes over what was written down, of limits that still are there. */
  restore(states: readonly BucketState[], limits: ReadonlyMap<string, Limit>): void
  /** Drops full buckets, and beyond 100,000 the ones longest untouched. */
  sweep(nowMs: number): void
}

export const MAX_BUCKETS = 100_000
export const SWEEP_EVERY = 10_000
/** A restart takes longer. */
const WORTH_KEEPING_MS = 1_000

export function createBuckets(): Buckets {
  const buckets = new Map<string, Bucket>()
  const changed = new Set<string>()
  let tell: () => void = () => {}

  function put(key: string, bucket: Bucket): void {
    buckets.delete(key) // so that the map's order is that of the last touch
    buckets.set(key, bucket)
    if (bucket.blockedUntilMs === 0 && fullInMs(bucket.limit, bucket.tokens) <= WORTH_KEEPING_MS) return
    changed.add(key)
    if (changed.size === 1) tell()
  }

  function* states(nowMs: number): IterableIterator<BucketState> {
    for (const [key, bucket] of buckets) yield stateOf(key, bucket, nowMs)
  }

  function changes(nowMs: number): readonly BucketState[] {
    const keys = [...changed]
    changed.clear()
    return keys.flatMap(key => {
      const bucket = buckets.get(key)
      return bucket === undefined ? [] : [stateOf(key, bucket, nowMs)]
    })
  }

  function restore(kept: readonly BucketState[], limits: ReadonlyMap<string, Limit>): void {
    for (const { key, limit: name, tokens, atMs, blockedUntilMs } of kept) {
      const limit = limits.get(name)
      if (limit !== undefined) buckets.set(key, { limit, tokens, atMs, blockedUntilMs })
    }
  }

  function sweep(nowMs: number): void {
    for (const [key, bucket] of buckets) {
      if (stateOf(key, bucket, nowMs).restsAtMs <= nowMs) buckets.delete(key)
    }
    const tooMany = buckets.size - (MAX_BUCKETS - SWEEP_EVERY)
    if (tooMany <= 0) return
    for (const key of [...buckets.keys()].slice(0, tooMany)) buckets.delete(key)
  }

  return {
    ...{ put, states, changes, restore, sweep },
    get: key => buckets.get(key),
    get size() {
      return buckets.size
    },
    onChange(listener) {
      tell = listener
    },
  }
}

function stateOf(key: string, bucket: Bucket, nowMs: number): BucketState {
  const { limit, blockedUntilMs } = bucket
  const tokens = refilled(bucket, limit, nowMs)
  const restsAtMs = Math.max(nowMs + fullInMs(limit, tokens), blockedUntilMs)
  return { key, limit: limit.name, tokens, atMs: Math.max(nowMs, bucket.atMs), blockedUntilMs, restsAtMs }
}
