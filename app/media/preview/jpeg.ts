import { createRequire } from 'node:module'
import { affordable } from './afford.ts'
import type { Pixels } from './shrink.ts'

type Frame = { readonly width: number; readonly height: number; readonly componentCount: number }

/** What is used of libjpeg-turbo in WebAssembly, which comes without types. Its buffers are views into its own memory. */
type Turbo = {
  readonly JPEGDecoder: new () => {
    getEncodedBuffer(length: number): Uint8Array
    readHeader(): void
    getFrameInfo(): Frame
    decode(): void
    getDecodedBuffer(): Uint8Array
    delete(): void
  }
}

const SILENT = { print() {}, printErr() {} }
/** Of each pixel: its colours, and what a progressive picture collects for it. */
const BYTES_PER_PIXEL = 3 + 6

let loaded: Promise<Turbo> | undefined

function turbo(): Promise<Turbo> {
  const name = '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'
  loaded ??= (createRequire(import.meta.url)(name) as (settings: object) => Promise<Turbo>)(SILENT)
  return loaded
}

/** Decodes a picture for `use`, whose pixels are gone afterwards. Throws what the decoder does, and where it would take too much. */
export async function withJpeg<T>(file: Buffer, use: (pixels: Pixels) => T): Promise<T> {
  const decoder = new (await turbo()).JPEGDecoder()
  try {
    decoder.getEncodedBuffer(file.length).set(file)
    decoder.readHeader()
    const { width, height, componentCount } = decoder.getFrameInfo()
    affordable({ width, height, bytesPerPixel: BYTES_PER_PIXEL })
    decoder.decode()
    return use({ width, height, channels: componentCount === 1 ? 1 : 3, bytes: decoder.getDecodedBuffer() })
  } finally {
    decoder.delete()
  }
}

/** Not by libjpeg-turbo: the encoder of that package writes beyond its buffer where a picture is small. */
export async function toJpeg({ width, height, bytes }: Pixels, quality: number): Promise<Buffer> {
  const { encode } = (await import('jpeg-js')).default
  return encode({ width, height, data: bytes }, quality).data
}
