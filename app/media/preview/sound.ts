import type { Readable } from 'node:stream'

const MAX_SECONDS = 2 ** 31 - 1

/** How long a sound plays, in whole seconds; undefined where it does not say. Throws where the file is none. */
export async function secondsOf(
  file: Readable,
  { mimeType, size }: { readonly mimeType: string; readonly size: number },
): Promise<number | undefined> {
  const { parseStream } = await import('music-metadata')
  const about = { mimeType, size }
  const { format } = await parseStream(file, about, { duration: true, skipCovers: true })
  const { duration = Number.NaN } = format
  return duration > 0 && duration < MAX_SECONDS ? Math.max(1, Math.round(duration)) : undefined
}
