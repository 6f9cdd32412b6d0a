import type { CacheStore } from '@whiskeysockets/baileys'

const MAX_ENTRIES = 4_000

/** A cache for Baileys that forgets its oldest entries and keeps no timer. */
export function boundedCache(maxEntries = MAX_ENTRIES): CacheStore {
  const entries = new Map<string, unknown>()
  return {
    get: <T>(key: string) => entries.get(key) as T | undefined,
    set(key, value) {
      entries.delete(key)
      entries.set(key, value)
      const oldest = entries.keys().next()
      if (entries.size > maxEntries && !oldest.done) entries.delete(oldest.value)
    },
    del(key) {
      entries.delete(key)
    },
    flushAll() {
      entries.clear()
    },
  }
}
