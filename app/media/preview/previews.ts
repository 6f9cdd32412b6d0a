import type { Log } from '../../lib/log.ts'
import { type Preview, plainMime, type StoredFile } from '../../model/media.ts'
import type { MediaType } from '../../model/message.ts'
import type { KeptItem } from '../fetcher.ts'
import { type Errand, type Patience, PreviewThread } from './preview-thread.ts'

export type PreviewDeps = {
  readonly pathOf: (file: StoredFile) => string
  readonly log: Log
  readonly patience?: Patience
}

export type Previews = {
  /** What a message of a type shows of a file; undefined where there is nothing to show. Never rejects. */
  of(item: KeptItem, type: MediaType): Promise<Preview | undefined>
  stop(): Promise<void>
}

/** A picture is in memory whole while it is decoded. */
const MAX_PICTURE_BYTES = 32 * 1024 * 1024
const PICTURES = new Set(['image/jpeg', 'image/png'])

export function createPreviews({ pathOf, log, patience }: PreviewDeps): Previews {
  const thread = new PreviewThread(patience)
  return {
    async of({ account, id, file, mimeType }, type) {
      const subject = subjectOf(type, mimeType)
      if (subject === undefined || (subject === 'picture' && file.size > MAX_PICTURE_BYTES)) return undefined
      const report = await thread.look({ subject, path: pathOf(file), file, mimeType })
      if (report.kind === 'seen') return report.preview
      log.debug('media.not_previewed', { account, id, reason: report.reason })
      return undefined
    },
    stop: () => thread.stop(),
  }
}

/** Of a sticker and a document nothing is shown that their file itself does not say. */
function subjectOf(type: MediaType, mimeType: string): Errand['subject'] | undefined {
  if (type === 'image') return PICTURES.has(plainMime(mimeType)) ? 'picture' : undefined
  if (type === 'video') return 'film'
  return type === 'audio' ? 'sound' : undefined
}
