/** A file of an archive. */
export type Entry = { readonly name: string; readonly content: Uint8Array }

const BLOCK = 512
const MAX_NAME = 100
const MODE = '0000644'
const REGULAR = '0'

/**
 * A ustar archive of files, in the order given: no times, owners or modes of this machine, so that the same files give the same
 * bytes. Undefined when a name does not fit.
 */
export function archive(entries: readonly Entry[]): Buffer | undefined {
  if (entries.some(({ name }) => Buffer.byteLength(name) > MAX_NAME)) return undefined
  const blocks = entries.flatMap(({ name, content }) => [
    header(name, content.length),
    content,
    padding(content.length),
  ])
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)])
}

/** The files of an archive that `archive` has written; undefined for any other bytes, however much they look like one. */
export function unarchive(bytes: Buffer): readonly Entry[] | undefined {
  const entries: Entry[] = []
  let at = 0
  while (at + BLOCK <= bytes.length && bytes[at] !== 0) {
    const end = bytes.subarray(at, at + MAX_NAME).indexOf(0)
    const name = bytes.subarray(at, at + (end < 0 ? MAX_NAME : end)).toString()
    const size = Number.parseInt(bytes.subarray(at + 124, at + 135).toString(), 8)
    if (!(size >= 0) || at + BLOCK + size > bytes.length) return undefined
    entries.push({ name, content: bytes.subarray(at + BLOCK, at + BLOCK + size) })
    at += BLOCK + size + padding(size).length
  }
  const again = archive(entries)
  return again?.equals(bytes) ? entries : undefined
}

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0)
  block.write(MODE, 100)
  block.write('0000000', 108)
  block.write('0000000', 116)
  block.write(size.toString(8).padStart(11, '0'), 124)
  block.write('00000000000', 136)
  block.write('        ', 148) // the sum counts its own place as spaces
  block.write(REGULAR, 156)
  block.write('ustar\u000000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148)
  return block
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
}
