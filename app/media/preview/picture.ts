import { toJpeg, withJpeg } from './jpeg.ts'
import { readPng } from './png.ts'
import { shrink } from './shrink.ts'

/** What WhatsApp's own apps send: the longer side in pixels, and how good a JPEG. */
const SIDE = 72
const QUALITY = 50

/** A small JPEG of a JPEG or PNG. Throws where that is none, or too large. */
export async function thumbnailOf(file: Buffer, mimeType: string): Promise<Buffer> {
  const small =
    mimeType === 'image/png'
      ? shrink(readPng(file), SIDE)
      : await withJpeg(file, pixels => shrink(pixels, SIDE))
  return await toJpeg(small, QUALITY)
}
