import { createRequire } from 'node:module'
import { affordable } from './afford.ts'
import type { Pixels } from './shrink.ts'

/** What is used of pngjs, which comes without types. */
type Pngjs = { readonly PNG: { readonly sync: { read(file: Buffer): { readonly data: Buffer } } } }

/** Samples to a pixel, by the type of colour that the header names. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const RGBA = 4
/** Where the first chunk begins, and what a chunk has beside its content: length, name and checksum. */
const SIGNATURE_BYTES = 8
const AROUND_CHUNK = 12

/** Decodes a picture. Throws what the decoder does, and where it would take too much. */
export function readPng(file: Buffer): Pixels {
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)]
  const [depth = 0, colour = 0, , , interlace] = file.subarray(24, 29)
  // The library unpacks an interlaced picture without looking how much comes of it.
  if (interlace !== 0) throw new TypeError('an interlaced picture is not decoded')
  if (headersIn(file) !== 1) throw new TypeError('a picture with a second header is not decoded')
  const packed = ((SAMPLES[colour] ?? RGBA) * depth) / 8
  const unpacked = depth > 8 ? 3 * RGBA : RGBA
  affordable({ width, height, bytesPerPixel: 2 * packed + unpacked })
  const { PNG } = createRequire(import.meta.url)('pngjs') as Pngjs
  return { width, height, channels: RGBA, bytes: PNG.sync.read(file).data }
}

/** Of several the library believes the last, whatever the first has said. */
function headersIn(file: Buffer): number {
  let count = 0
  for (let at = SIGNATURE_BYTES; at + 8 <= file.length; at += AROUND_CHUNK + file.readUInt32BE(at))
    if (file.toString('latin1', at + 4, at + 8) === 'IHDR') count += 1
  return count
}
