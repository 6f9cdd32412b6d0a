import { type Backoff, backoffMs } from '../lib/backoff.ts'
import { reasonOf } from '../lib/error.ts'
import type { FileTraits, MediaItem, StoredFile } from '../model/media.ts'
import type { DueMedia } from '../store/media.ts'
import type { Outcome } from './folder.ts'
import type { LibraryDeps } from './library.ts'
import { askRemote } from './remote.ts'

/** An item whose bytes are here. */
export type KeptItem = MediaItem & FileTraits & { readonly file: StoredFile }

/** `gone`: nobody has it any more. `failed`: another attempt may do better. `unasked`: that was none, for WhatsApp cannot be asked now. */
export type Brought =
  | { readonly kind: 'here'; readonly item: KeptItem }
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly unasked?: true }

export type Fetcher = {
  bring(item: MediaItem): Promise<Brought>
  /** Fetches what is received without being asked, or says when it is tried again. */
  fetchDue(item: DueMedia): Promise<void>
}

const AGAIN: Backoff = { baseMs: 5_000, maxMs: 60 * 60_000 }
/** Spread over a day; from then on somebody has to ask. */
const MAX_ATTEMPTS = 30
/** Until WhatsApp can be asked at all. */
const NO_HOST_MS = 30_000

/** Gets received files from WhatsApp. Whoever asks for one that is on its way waits for the same fetch. */
export function createFetcher(deps: LibraryDeps): Fetcher {
  const { store, folder, log, now } = deps
  const underWay = new Map<string, Promise<Brought>>()

  async function bring(item: MediaItem): Promise<Brought> {
    if (isHere(item)) return { kind: 'here', item }
    const fetching = underWay.get(item.id) ?? fetch(item).finally(() => underWay.delete(item.id))
    underWay.set(item.id, fetching)
    return await fetching
  }

  async function fetch(item: MediaItem): Promise<Brought> {
    const { id, account, received } = item
    if (received === undefined) return { kind: 'gone', reason: 'nothing is known of where it is' }
    const host = await deps.mediaHost(account)
    if (host === undefined) return { kind: 'failed', reason: 'the account is not connected', unasked: true }
    const found = await askRemote(received, host, deps.download)
    if (found.kind !== 'found') return found
    const written = await save(found.bytes, received.remote.size)
    if (written.kind !== 'written') return written
    const outcome = await store.media.fetched(id, written.traits, written.file)
    if (outcome !== 'kept') await folder.drop([written.file.name])
    const stored = await store.media.get(account, id)
    return stored !== undefined && isHere(stored)
      ? { kind: 'here', item: stored }
      : { kind: 'gone', reason: 'it was removed meanwhile' }
  }

  async function save(
    bytes: AsyncIterable<Uint8Array>,
    maxBytes: number,
  ): Promise<Extract<Outcome, { kind: 'written' }> | Exclude<Brought, { kind: 'here' }>> {
    try {
      const outcome = await folder.write(bytes, { maxBytes, unlooked: true })
      return outcome.kind === 'written' ? outcome : { kind: 'gone', reason: `the file is ${outcome.kind}` }
    } catch (error) {
      return { kind: 'failed', reason: reasonOf(error) }
    }
  }

  async function fetchDue(item: DueMedia): Promise<void> {
    if ('unreadable' in item) {
      log.error('media.damaged', { account: item.account, id: item.id, reason: item.unreadable })
      return await store.media.putOff(item.id, { attempts: 0 })
    }
    const isLarge = (item.received?.remote.size ?? 0) > deps.maxBytesAtOnce()
    if (isLarge || item.fetchCount >= MAX_ATTEMPTS) return await store.media.putOff(item.id, { attempts: 0 })
    if (store.disk.state().level === 'full')
      return await store.media.putOff(item.id, { attempts: 0, until: inMs(NO_HOST_MS) })
    const brought = await bring(item)
    if (brought.kind === 'here') return
    const { id, account, fetchCount } = item
    log.warn('media.not_fetched', { account, id, kind: brought.kind, reason: brought.reason })
    if (brought.kind === 'gone') return await store.media.putOff(id, { attempts: 1 })
    if (brought.unasked) return await store.media.putOff(id, { attempts: 0, until: inMs(NO_HOST_MS) })
    const waitMs = backoffMs(fetchCount, AGAIN, deps.random)
    await store.media.putOff(id, { attempts: 1, until: inMs(waitMs) })
  }

  function inMs(ms: number): Date {
    return new Date(now().getTime() + ms)
  }

  return { bring, fetchDue }
}

function isHere(item: MediaItem): item is KeptItem {
  return item.file !== undefined && item.mimeType !== undefined && item.sha256 !== undefined
}
