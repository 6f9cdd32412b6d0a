import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import type { Store } from '../store/store.ts'

export type KeyUsesDeps = {
  readonly store: { readonly meta: Store['meta'] }
  readonly log: Log
  readonly now: () => Date
}

/** When each API key was used last. */
export type KeyUses = {
  note(keyId: string): void
  lastUse(keyId: string): Promise<Date | undefined>
}

/** So much may be lost when the app dies; a key that is used all the time costs one write in that time. */
const WRITTEN_EVERY_MS = 60_000

export function createKeyUses({ store, log, now }: KeyUsesDeps): KeyUses {
  const known = new Map<string, { usedAt: Date; writtenAt: Date }>()

  function note(keyId: string): void {
    const at = now()
    const before = known.get(keyId)
    if (before !== undefined && at.getTime() - before.writtenAt.getTime() < WRITTEN_EVERY_MS) {
      before.usedAt = at
      return
    }
    known.set(keyId, { usedAt: at, writtenAt: at })
    store.meta.set(nameOf(keyId), at.toISOString()).catch((error: unknown) => {
      log.warn('key.use_unwritten', { reason: reasonOf(error) })
    })
  }

  async function lastUse(keyId: string): Promise<Date | undefined> {
    const inMemory = known.get(keyId)?.usedAt
    if (inMemory !== undefined) return inMemory
    const written = await store.meta.get(nameOf(keyId))
    return written === undefined ? undefined : new Date(written)
  }

  return { note, lastUse }
}

function nameOf(keyId: string): string {
  return `key.used.${keyId}`
}
