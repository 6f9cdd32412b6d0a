import { invalid, type Parsed, parsed } from '../../answer.ts'

const JPEG = Buffer.of(0xff, 0xd8, 0xff)

/** A picture in base64 as its bytes; null and undefined as they are. What it shows is for WhatsApp to look at: nothing here decodes it. */
export function readPicture(given: string | null | undefined): Parsed<Uint8Array | null | undefined> {
  if (given === undefined || given === null) return parsed(given)
  const bytes = Buffer.from(given, 'base64')
  if (bytes.toString('base64') !== given) return invalid('$.picture', 'must be base64')
  return isJpeg(bytes) ? parsed(bytes) : invalid('$.picture', 'must be a JPEG')
}

export function isJpeg(bytes: Uint8Array): boolean {
  return JPEG.equals(bytes.subarray(0, JPEG.length))
}
