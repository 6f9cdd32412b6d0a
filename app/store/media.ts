import { PosternError } from '../lib/error.ts'
import type { FileTraits, MediaItem, SentFile, StoredFile } from '../model/media.ts'
import type { MediaType } from '../model/message.ts'
import type { Access } from './access.ts'
import { dueMedia, getMedia, nextFetchAt, sentBefore } from './tables/media.ts'
import { mediaFileNames } from './tables/media-files.ts'

/** A file that has just been written into the folder of media. */
export type NewFile = StoredFile & Pick<FileTraits, 'sha256'>

/** What is to be fetched, or an item that is damaged: where it is to be had can no more be read. */
export type DueMedia = MediaItem | (Pick<MediaItem, 'id' | 'account'> & { readonly unreadable: string })

/** `awaited`: a message that is still to be sent carries it. `files` are needed no more. */
export type Removed =
  | { readonly kind: 'removed'; readonly files: readonly string[] }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'awaited' }

/** What is known of files; the bytes lie beside the database, each under a key of its own that is sealed here. */
export type MediaStore = {
  /**
   * `known`: the account has this content already, and the item shares that file. Rejects with `store.nearly_full` when
   * the disk is.
   */
  add(item: MediaItem, file: NewFile): Promise<'kept' | 'known'>
  /** A received file is here now. `gone`: nobody waits for it any more. */
  fetched(id: string, traits: FileTraits, file: NewFile): Promise<'kept' | 'known' | 'gone'>
  /** It is not fetched now: not before `until`, or not by itself any more. `attempts` of it failed. */
  putOff(id: string, later: { readonly until?: Date; readonly attempts: number }): Promise<void>
  /** WhatsApp has it now, as the file of messages of a type. */
  noteSent(id: string, type: MediaType, remote: SentFile): Promise<void>
  /** Where WhatsApp has had the bytes of a file, as the file of messages of a type. */
  sentBefore(fileName: string, type: MediaType): Promise<readonly SentFile[]>
  remove(account: string, id: string): Promise<Removed>
  get(account: string, id: string): Promise<MediaItem | undefined>
  /** Received files to be fetched now. */
  due(now: Date, limit: number): Promise<readonly DueMedia[]>
  nextFetchAt(): Promise<Date | undefined>
  /** Of all files that something needs. */
  fileNames(): Promise<readonly string[]>
}

export function createMediaStore({ reader, writer, disk }: Access): MediaStore {
  return {
    async add(item, file) {
      if (disk.state().level === 'full')
        throw new PosternError('store.nearly_full', 'the disk is nearly full')
      return await writer.run('media.add', { item, file })
    },
    fetched: (id, traits, file) => writer.run('media.fetched', { id, traits, file }),
    putOff: (id, later) => writer.run('media.putOff', { id, ...later }),
    noteSent: (id, type, remote) => writer.run('media.noteSent', { id, type, remote }),
    sentBefore: async (fileName, type) => reader.db.snapshot(() => sentBefore(reader, fileName, type)),
    remove: (account, id) => writer.run('media.remove', { account, id }),
    get: async (account, id) => reader.db.snapshot(() => getMedia(reader, account, id)),
    due: async (now, limit) => reader.db.snapshot(() => dueMedia(reader, now, limit)),
    nextFetchAt: async () => nextFetchAt(reader),
    fileNames: async () => mediaFileNames(reader),
  }
}
