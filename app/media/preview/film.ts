import { present } from '../../lib/present.ts'
import type { Preview } from '../../model/media.ts'
import type { Span } from '../sealed-file.ts'

/** Reads a part of the file; what lies behind its end is left out. */
type Read = (span: Span) => Promise<Buffer>

const MAX_BOXES = 200
/** The numbers of a box in its shorter form (version 0) and in its longer one: where they stand. */
const MOVIE = { short: { scale: 12, duration: 16 }, long: { scale: 20, duration: 24 } } as const
const TRACK = { short: { matrix: 40, size: 76 }, long: { matrix: 52, size: 88 } } as const
const FIXED_POINT = 65_536
/** A film that says more does not know how long it is. */
const MAX_SECONDS = 24 * 60 * 60
const HEAD_BYTES = 128

/** How long and how large the head of an MP4 or 3GP says that the film is. Nothing is decoded. */
export async function filmTraits(size: number, read: Read): Promise<Preview> {
  const [movie] = await boxesIn({ start: 0, end: size }, 'moov', read)
  if (movie === undefined) return {}
  const [header] = await boxesIn(movie, 'mvhd', read)
  const sizes = await Promise.all((await boxesIn(movie, 'trak', read)).map(track => sizeOf(track, read)))
  return {
    ...present({ seconds: header && secondsIn(await read(headOf(header))) }),
    ...sizes.find(each => each !== undefined),
  }
}

/** What is in the boxes of a name that lie side by side in a span. */
async function boxesIn({ start, end }: Span, name: string, read: Read): Promise<readonly Span[]> {
  const found: Span[] = []
  for (let [at, count] = [start, 0]; at + 8 <= end && count < MAX_BOXES; count += 1) {
    const head = await read({ start: at, end: Math.min(end, at + 16) })
    const short = head.readUInt32BE(0)
    const isLong = short === 1 && head.length === 16
    const length = isLong ? Number(head.readBigUInt64BE(8)) : short === 0 ? end - at : short
    const content = { start: at + (isLong ? 16 : 8), end: at + length }
    if (content.end < content.start || content.end > end) break // cut off, or no box
    if (head.toString('latin1', 4, 8) === name) found.push(content)
    at = content.end
  }
  return found
}

function headOf({ start, end }: Span): Span {
  return { start, end: Math.min(end, start + HEAD_BYTES) }
}

function secondsIn(header: Buffer): number | undefined {
  const { scale, duration } = MOVIE[header[0] === 1 ? 'long' : 'short']
  if (header.length < duration + 8) return undefined
  const units = header[0] === 1 ? Number(header.readBigUInt64BE(duration)) : header.readUInt32BE(duration)
  const seconds = Math.round(units / header.readUInt32BE(scale))
  return seconds >= 0 && seconds <= MAX_SECONDS ? Math.max(1, seconds) : undefined
}

/** Of a track with a picture. One that lies on its side is shown upright. */
async function sizeOf(track: Span, read: Read): Promise<Pick<Preview, 'width' | 'height'> | undefined> {
  const [box] = await boxesIn(track, 'tkhd', read)
  if (box === undefined) return undefined
  const header = await read(headOf(box))
  const { matrix, size } = TRACK[header[0] === 1 ? 'long' : 'short']
  if (header.length < size + 8) return undefined
  const [width, height] = [size, size + 4].map(at => Math.round(header.readUInt32BE(at) / FIXED_POINT))
  if (!width || !height) return undefined
  return header.readInt32BE(matrix) === 0 ? { width: height, height: width } : { width, height }
}
