import { disableTypes, imageSize, types } from 'image-size'
import type { FileTraits } from '../../model/media.ts'

/** Pictures that every phone shows; of these the size must be found. */
const KNOWN = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif'])
const READ = ['jpg', 'png', 'webp', 'gif', 'bmp']
const MAX_SIDE = 20_000
const MAX_PIXELS = 100_000_000

disableTypes(types.filter(type => !READ.includes(type)))

/** How large a picture claims to be, from its header; a sentence when no phone should be asked to decode it. */
export function pictureTraits(
  mimeType: string,
  head: Buffer,
): Pick<FileTraits, 'width' | 'height' | 'animated'> | string {
  const size = sizeOf(head)
  if (size === undefined) return KNOWN.has(mimeType) ? 'is a picture that says nowhere how large it is' : {}
  const { width, height } = size
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS)
    return `is a picture of ${width} × ${height} pixels, more than the ${MAX_SIDE} to a side or ${MAX_PIXELS} together that are taken`
  return { width, height, ...(isAnimated(head) ? { animated: true } : {}) }
}

function sizeOf(head: Buffer): { width: number; height: number } | undefined {
  try {
    const { width, height } = imageSize(head)
    return width > 0 && height > 0 ? { width, height } : undefined
  } catch {
    return undefined // a header that the library cannot read says nothing
  }
}

/** A WebP with the flag for it. */
function isAnimated(head: Buffer): boolean {
  const isExtended = head.subarray(8, 16).toString('latin1') === 'WEBPVP8X'
  return isExtended && ((head[20] ?? 0) & 0x02) !== 0
}
