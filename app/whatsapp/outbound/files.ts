import type { Readable } from 'node:stream'
import { present } from '../../lib/present.ts'
import type { KeptItem } from '../../media/fetcher.ts'
import type { Library } from '../../media/library.ts'
import type { RemoteFile, SentFile } from '../../model/media.ts'
import { type MediaContent, type MediaType, mediaIn } from '../../model/message.ts'
import type { Store } from '../../store/store.ts'

export type FilesDeps = {
  readonly account: string
  readonly store: Pick<Store, 'media'>
  readonly library: Pick<Library, 'get' | 'bring' | 'open' | 'preview'>
  readonly now: () => Date
}

/** What of a connection has WhatsApp take a file. */
export type Uploads = { upload(file: Readable, type: MediaType): Promise<RemoteFile> }

/** WhatsApp keeps a file for a month; so long after it took one, it is not asked to take it again. */
const FRESH_MS = 7 * 24 * 60 * 60_000

/**
 * Has WhatsApp take the files that messages carry: the same bytes once for all messages of a type, and never twice at a
 * time. What was received lies there already.
 */
export class Files {
  readonly #deps: FilesDeps
  readonly #underWay = new Map<string, Promise<SentFile>>()

  constructor(deps: FilesDeps) {
    this.#deps = deps
  }

  /** Where WhatsApp has the file of a content, once it is there; `gone` when nobody has it any more. Throws when another attempt may do better. */
  async place(content: MediaContent, socket: Uploads): Promise<SentFile | 'gone'> {
    const { id } = mediaIn(content) ?? {}
    if (id === undefined) return 'gone'
    const { account, library } = this.#deps
    const item = await library.get(account, id)
    if (item === undefined) return 'gone'
    const known = item.sent[content.type]
    if (known !== undefined && this.#isFresh(known)) return known
    const brought = await library.bring(item)
    if (brought.kind === 'gone') return 'gone'
    if (brought.kind === 'failed') throw new Error(brought.reason)
    return await this.#place(brought.item, content.type, socket)
  }

  async #place(item: KeptItem, type: MediaType, socket: Uploads): Promise<SentFile> {
    const { media } = this.#deps.store
    const name = `${item.file.name} ${type}`
    const placing =
      this.#underWay.get(name) ?? this.#find(item, type, socket).finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, placing)
    const placed = await placing
    await media.noteSent(item.id, type, placed)
    return placed
  }

  /** The same bytes may have been sent as another item, or come from there. */
  async #find(item: KeptItem, type: MediaType, socket: Uploads): Promise<SentFile> {
    const { store, library } = this.#deps
    const { file, received } = item
    const before = (await store.media.sentBefore(file.name, type)).find(one => this.#isFresh(one))
    if (before !== undefined) return before
    const theirs = received?.type === type && this.#isFresh(received.remote) ? received.remote : undefined
    const [remote, preview] = await Promise.all([
      theirs ?? socket.upload(library.open(file), type),
      library.preview(item, type),
    ])
    return { ...remote, ...present({ preview }) }
  }

  #isFresh({ keyedAt }: RemoteFile): boolean {
    return Math.abs(this.#deps.now().getTime() - keyedAt * 1_000) < FRESH_MS // the sender of a file may say anything
  }
}
