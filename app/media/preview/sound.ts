import type { Readable } from 'node:stream'
import { present } from '../../lib/present.ts'
import { isVoice } from '../../model/content/file.ts'
import type { Preview } from '../../model/media.ts'
import { waveformOf } from './waveform.ts'

const MAX_SECONDS = 2 ** 31 - 1
/** Nobody looks at the waveform of what is longer. */
const MAX_WAVEFORM_SECONDS = 15 * 60

type About = { readonly mimeType: string; readonly size: number }

/** How long a sound plays, and how loud it is where a voice note can be that. Throws where the file is no sound. */
export async function soundTraits(about: About, open: () => Readable): Promise<Preview> {
  const seconds = await secondsOf(about, open())
  if (seconds === undefined || seconds > MAX_WAVEFORM_SECONDS || !isVoice(about)) return present({ seconds })
  const waveform = await waveformOf(open())
  return { seconds, ...present({ waveform: waveform?.toString('base64') }) }
}

async function secondsOf(about: About, file: Readable): Promise<number | undefined> {
  const { parseStream } = await import('music-metadata')
  const { format } = await parseStream(file, about, { duration: true, skipCovers: true })
  const { duration = Number.NaN } = format
  return duration > 0 && duration < MAX_SECONDS ? Math.max(1, Math.round(duration)) : undefined
}
