import { parentPort } from 'node:worker_threads'
import { reasonOf } from '../../lib/error.ts'
import type { Preview } from '../../model/media.ts'
import { openSealed, type Span } from '../sealed-file.ts'
import { filmTraits } from './film.ts'
import { thumbnailOf } from './picture.ts'
import type { Errand, Report } from './preview-thread.ts'
import { soundTraits } from './sound.ts'

// The thread of preview-thread.ts: an answer to each errand. What the decoders need is loaded by the first that needs it.

if (parentPort === null) throw new Error('preview/thread.ts runs as a worker thread only')
const port = parentPort
port.on('message', async (errand: Errand) => {
  port.postMessage(await reportOn(errand))
})

async function reportOn(errand: Errand): Promise<Report> {
  try {
    return { kind: 'seen', preview: await previewOf(errand) }
  } catch (error) {
    return { kind: 'none', reason: reasonOf(error) }
  }
}

async function previewOf({ subject, path, file, mimeType }: Errand): Promise<Preview> {
  const read = async (span?: Span) => Buffer.concat(await openSealed(path, file, span).toArray())
  switch (subject) {
    case 'sound':
      return await soundTraits({ mimeType, size: file.size }, () => openSealed(path, file))
    case 'film':
      return await filmTraits(file.size, read)
    case 'picture':
      return { thumbnail: (await thumbnailOf(await read(), mimeType)).toString('base64') }
  }
}
