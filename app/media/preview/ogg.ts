import type { Readable } from 'node:stream'

const HEADER_BYTES = 27
/** A part of a packet that is as long goes on in the next. */
const WHOLE_PART = 255

/** The packets of the one stream in an Ogg file. Throws where it is none. */
export async function* packetsIn(file: Readable): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0)
  let begun: Buffer[] = []
  for await (const chunk of file) {
    held = Buffer.concat([held, chunk as Buffer])
    for (let page = pageIn(held); page !== undefined; page = pageIn(held)) {
      held = held.subarray(page.length)
      for (const part of page.parts) {
        begun.push(part)
        if (part.length === WHOLE_PART) continue
        yield Buffer.concat(begun)
        begun = []
      }
    }
  }
}

/** The page at the beginning, once all of it is here. */
function pageIn(bytes: Buffer): { readonly length: number; readonly parts: readonly Buffer[] } | undefined {
  if (bytes.length < HEADER_BYTES) return undefined
  if (bytes.toString('latin1', 0, 4) !== 'OggS') throw new TypeError('a page of Ogg does not begin as one')
  let length = HEADER_BYTES + (bytes[HEADER_BYTES - 1] ?? 0)
  if (bytes.length < length) return undefined
  const parts: Buffer[] = []
  for (const size of bytes.subarray(HEADER_BYTES, length)) {
    parts.push(bytes.subarray(length, length + size))
    length += size
  }
  return bytes.length < length ? undefined : { length, parts }
}
