import { plainMime } from '../../model/media.ts'

const KINDS = /^(image|video|audio)\//

/**
 * False when the sender says that a file is something to look at or listen to, and it is something else. What is only a
 * name for bytes (`application/octet-stream`, a form) claims nothing.
 */
export function claimHolds(claimed: string | undefined, found: string): boolean {
  const kind = KINDS.exec(plainMime(claimed ?? ''))?.[1]
  if (kind === undefined) return true
  const is = KINDS.exec(found)?.[1]
  return is === kind || (is !== undefined && MOVING.has(kind) && MOVING.has(is))
}

/** One container has both, and nobody tells them apart by the first bytes. */
const MOVING = new Set(['audio', 'video'])
