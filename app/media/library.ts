import type { Readable } from 'node:stream'
import { reasonOf } from '../lib/error.ts'
import { newId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { Pump } from '../lib/pump.ts'
import type { Download } from '../model/egress-port.ts'
import type { FileTraits, MediaItem, Preview, StoredFile } from '../model/media.ts'
import type { MediaType } from '../model/message.ts'
import type { Store } from '../store/store.ts'
import { type Brought, createFetcher, type KeptItem } from './fetcher.ts'
import type { Folder, Outcome, Written } from './folder.ts'
import type { Patience } from './preview/preview-thread.ts'
import { createPreviews } from './preview/previews.ts'
import type { MediaHost } from './remote.ts'
import type { Span } from './sealed-file.ts'

export type LibraryDeps = {
  readonly store: Store
  readonly folder: Folder
  readonly download: Download
  readonly log: Log
  readonly now: () => Date
  /** Gives [0, 1). */
  readonly random: () => number
  /** Undefined while WhatsApp cannot be asked for it. */
  readonly mediaHost: (account: string) => Promise<MediaHost | undefined>
  /** Larger files are fetched when somebody asks for them. */
  readonly maxBytesAtOnce: () => number
  /** With the look at a file that is to be shown. */
  readonly patience?: Patience
}

/** A file that is here and belongs to nothing yet: it is kept, or dropped. */
export type Taken = {
  readonly kind: 'taken'
  readonly traits: FileTraits
  keep(about: Pick<MediaItem, 'account' | 'principal' | 'filename'>): Promise<KeptItem>
  drop(): Promise<void>
}

/** The files that messages carry: uploaded, taken from a link or received. */
export type Library = {
  /** Writes a file down and looks at it. Rejects with what the source fails with, and with `store.nearly_full`. */
  take(
    source: AsyncIterable<Uint8Array>,
    maxBytes: number,
  ): Promise<Taken | Exclude<Outcome, { kind: 'written' }>>
  get(account: string, id: string): Promise<MediaItem | undefined>
  /** The item with its bytes, fetched from WhatsApp where they are not here yet. */
  bring(item: MediaItem): Promise<Brought>
  open(file: StoredFile, span?: Span): Readable
  /** What a message of a type shows of a file; undefined where there is nothing to show. Never rejects. */
  preview(item: KeptItem, type: MediaType): Promise<Preview | undefined>
  /** `awaited`: a message that is still to be sent carries it. */
  remove(account: string, id: string): Promise<'removed' | 'unknown' | 'awaited'>
  /** Removes files that nothing needs any more. */
  dropFiles(names: readonly string[]): Promise<void>
  /** Removes what an earlier run has left behind, and begins to fetch what is received. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** So many files are fetched by themselves at a time. */
const AT_ONCE = 2

export function createLibrary(deps: LibraryDeps): Library {
  const { store, folder, log, now } = deps
  const fetcher = createFetcher(deps)
  const previews = createPreviews({ ...deps, pathOf: folder.pathOf })
  const pump = new Pump({
    async round() {
      const due = await store.media.due(now(), AT_ONCE)
      await Promise.all(due.map(item => fetcher.fetchDue(item)))
      if (due.length > 0) return 0
      const next = await store.media.nextFetchAt()
      return next === undefined ? undefined : Math.max(0, next.getTime() - now().getTime())
    },
    onError: error => log.error('media.not_fetched', { reason: reasonOf(error) }),
  })
  let forget = () => {}
  return {
    async take(source, maxBytes) {
      const written = await folder.write(source, { maxBytes })
      return written.kind === 'written' ? taken(written, deps) : written
    },
    get: (account, id) => store.media.get(account, id),
    bring: item => fetcher.bring(item),
    open: folder.open,
    preview: previews.of,
    async remove(account, id) {
      const removed = await store.media.remove(account, id)
      if (removed.kind === 'removed') await folder.drop(removed.files)
      return removed.kind
    },
    dropFiles: folder.drop,
    async start() {
      await folder.dropAllBut(await store.media.fileNames())
      forget = store.onCommit(topics => void (topics.has('media') && pump.wake()))
      pump.wake()
    },
    async stop() {
      forget()
      await Promise.all([pump.stop(), previews.stop()])
    },
  }
}

function taken({ traits, file }: Written, { store, folder, now }: LibraryDeps): Taken {
  const drop = () => folder.drop([file.name])
  return {
    kind: 'taken',
    traits,
    drop,
    async keep(about) {
      const createdAt = now()
      const item: MediaItem = {
        id: newId('med', createdAt),
        createdAt,
        ...about,
        ...traits,
        fetchCount: 0,
        sent: {},
      }
      const outcome = await store.media.add(item, file).catch(async (error: unknown) => {
        await drop()
        throw error
      })
      if (outcome === 'kept') return { ...item, ...traits, file }
      await drop() // the same bytes are here already: the item has those
      const stored = await store.media.get(item.account, item.id)
      return { ...item, ...traits, file: stored?.file ?? file }
    },
  }
}
