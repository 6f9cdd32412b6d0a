import { fileTypeFromBuffer } from 'file-type'
import type { FileTraits } from '../../model/media.ts'
import { archiveFault } from './archive.ts'
import { disguiseOf } from './disguise.ts'
import { pictureTraits } from './picture.ts'
import { sniffText } from './text.ts'

/** A file to be looked at: its beginning, its end and what lies between, without the whole of it in memory. */
export type Looked = {
  readonly size: number
  readonly head: Buffer
  readonly tail: Buffer
  read(start: number, length: number): Promise<Buffer>
}

/** What a file is by its content. `refused` says in a sentence why nobody should get it. */
export type Inspected =
  | { readonly kind: 'fine'; readonly traits: Omit<FileTraits, 'size' | 'sha256'> }
  | { readonly kind: 'refused'; readonly reason: string }

/** Sizes of a picture stand behind its metadata, which cameras make long. */
export const HEAD_BYTES = 1024 * 1024
/** A ZIP's last record has at most 22 bytes and a comment of 64 KiB. */
export const TAIL_BYTES = 65_535 + 22
const TYPE_BYTES = 256 * 1024
const UNKNOWN = 'application/octet-stream'

/** Other names of types, by the one that WhatsApp knows. */
const SAME: Readonly<Record<string, string>> = {
  'audio/x-m4a': 'audio/mp4',
  'audio/wave': 'audio/wav',
  'audio/vnd.wave': 'audio/wav',
  'video/x-m4v': 'video/mp4',
  'audio/opus': 'audio/ogg; codecs=opus',
}

/** Judges a file by its content alone, and decodes nothing: pictures and archives are only asked how large they claim to be. */
export async function inspect(looked: Looked): Promise<Inspected> {
  const mimeType = await typeOf(looked)
  if (mimeType === 'image/svg+xml') return refused('is an SVG, which can carry scripts')
  const disguise = disguiseOf(mimeType, looked)
  if (disguise !== undefined) return refused(disguise)
  const fault = await archiveFault(looked)
  if (fault !== undefined) return refused(fault)
  if (!mimeType.startsWith('image/')) return { kind: 'fine', traits: { mimeType } }
  const picture = pictureTraits(mimeType, looked.head)
  return typeof picture === 'string' ? refused(picture) : { kind: 'fine', traits: { mimeType, ...picture } }
}

async function typeOf({ head }: Looked): Promise<string> {
  const text = sniffText(head)
  if (text !== undefined && text !== 'text/plain') return text
  const found = await fileTypeFromBuffer(head.subarray(0, TYPE_BYTES))
  const isZip = head.subarray(0, 4).toString('latin1') === 'PK\x03\x04'
  const mime = found?.mime ?? (isZip ? 'application/zip' : (text ?? UNKNOWN))
  return SAME[mime] ?? mime
}

function refused(reason: string): Inspected {
  return { kind: 'refused', reason }
}
