import type { PolicySnapshot } from '../snapshot.ts'
import type { Change } from './change.ts'
import { changesBetween } from './sections.ts'

/** How the policy in force and the files on disk stand to each other. `rewritten`: other text of the same meaning. */
export type Drift =
  | { readonly kind: 'none' }
  | { readonly kind: 'rewritten' }
  | { readonly kind: 'differs'; readonly changes: readonly Change[] }

/** What would change if the files on disk were put in force. */
export function driftBetween({
  live,
  disk,
}: {
  readonly live: PolicySnapshot
  readonly disk: PolicySnapshot
}): Drift {
  if (live.digest === disk.digest) return { kind: 'none' }
  const changes = changesBetween({ from: live, to: disk })
  return changes.length === 0 ? { kind: 'rewritten' } : { kind: 'differs', changes }
}
