import type { BucketState } from '../policy/limit/buckets.ts'
import type { Access } from './access.ts'
import { listBuckets } from './tables/limits.ts'

/** The buckets of the policy's limits, as they were when somebody last took from them. */
export type LimitStore = {
  /** Those that still say something. */
  list(): Promise<readonly BucketState[]>
  /** Also forgets some that are full again. */
  put(states: readonly BucketState[]): Promise<void>
}

export function createLimitStore({ reader, writer, now }: Access): LimitStore {
  return {
    list: async () => listBuckets(reader, now()),
    put: states => writer.run('limits.put', { states, now: now() }),
  }
}
