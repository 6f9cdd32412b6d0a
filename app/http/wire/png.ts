import { crc32, deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const GREYSCALE_1_BIT = [1, 0, 0, 0, 0] // depth, colour type, compression, filter, interlace

/** A black and white PNG of square modules, each `scale` pixels wide; `true` is black. */
export function pngOf(modules: readonly (readonly boolean[])[], scale: number): Uint8Array {
  const size = modules.length * scale
  const rowBytes = Math.ceil(size / 8)
  const rows = modules.flatMap(row => {
    const line = Buffer.alloc(1 + rowBytes) // the first byte says: no filter
    for (let x = 0; x < size; x++) {
      const black = row[Math.floor(x / scale)] ?? false
      const at = 1 + (x >> 3)
      if (!black) line[at] = (line[at] ?? 0) | (0x80 >> (x & 7))
    }
    return Array.from({ length: scale }, () => line)
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set(GREYSCALE_1_BIT, 8)
  const chunks = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]
  return Buffer.concat([SIGNATURE, ...chunks])
}

function chunk(name: string, content: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), content])
  const chunk = Buffer.alloc(named.length + 8)
  chunk.writeUInt32BE(content.length, 0)
  chunk.set(named, 4)
  chunk.writeUInt32BE(crc32(named), named.length + 4)
  return chunk
}
