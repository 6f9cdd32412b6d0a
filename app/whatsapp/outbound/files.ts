import type { Readable } from 'node:stream'
import type { Library } from '../../media/library.ts'
import type { RemoteFile } from '../../model/media.ts'
import { type MediaContent, type MediaType, mediaIn } from '../../model/message.ts'
import type { Store } from '../../store/store.ts'

export type FilesDeps = {
  readonly account: string
  readonly store: Pick<Store, 'media'>
  readonly library: Pick<Library, 'get' | 'bring' | 'open'>
  readonly now: () => Date
}

/** What of a connection has WhatsApp take a file. */
export type Uploads = { upload(file: Readable, type: MediaType): Promise<RemoteFile> }

/** WhatsApp keeps a file for a month; so long after it took one, it is not asked to take it again. */
const FRESH_MS = 7 * 24 * 60 * 60_000

/** Has WhatsApp take the files that messages carry: each once for all messages of a type, and never twice at a time. */
export class Files {
  readonly #deps: FilesDeps
  readonly #underWay = new Map<string, Promise<RemoteFile | 'gone'>>()

  constructor(deps: FilesDeps) {
    this.#deps = deps
  }

  /** Where WhatsApp has the file of a content, once it is there; `gone` when nobody has it any more. Throws when another attempt may do better. */
  async place(content: MediaContent, socket: Uploads): Promise<RemoteFile | 'gone'> {
    const { id } = mediaIn(content) ?? {}
    if (id === undefined) return 'gone'
    const name = `${id} ${content.type}`
    const placing =
      this.#underWay.get(name) ??
      this.#place(id, content.type, socket).finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, placing)
    return await placing
  }

  async #place(id: string, type: MediaType, socket: Uploads): Promise<RemoteFile | 'gone'> {
    const { account, store, library, now } = this.#deps
    const item = await library.get(account, id)
    if (item === undefined) return 'gone'
    const known = item.sent[type]
    if (known !== undefined && now().getTime() - known.keyedAt * 1_000 < FRESH_MS) return known
    const brought = await library.bring(item)
    if (brought.kind === 'gone') return 'gone'
    if (brought.kind === 'failed') throw new Error(brought.reason)
    const placed = await socket.upload(library.open(brought.item.file), type)
    await store.media.noteSent(id, type, placed)
    return placed
  }
}
