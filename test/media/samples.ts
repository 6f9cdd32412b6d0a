import { createHash } from 'node:crypto'
import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'

/** Small files that are what they say, and some that are not. */

type PngTraits = { readonly depth?: number; readonly interlaced?: boolean; readonly rows?: Buffer }

/** Black, and smaller than it says where that is large, unless `rows` gives its RGBA, each row behind its filter. */
export function png(
  width = 3,
  height = 2,
  { depth = 8, interlaced = false, rows: given }: PngTraits = {},
): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([depth, given === undefined ? 2 : 6, 0, 0, interlaced ? 1 : 0], 8)
  const rows = deflateSync(given ?? Buffer.alloc(Math.min(height, 8) * (1 + 3 * Math.min(width, 8))))
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([signature, pngChunk('IHDR', header), pngChunk('IDAT', rows), pngChunk('IEND')])
}

function pngChunk(type: string, content: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

/** `before` stands between the start and the size, where cameras put what they know. */
export function jpeg(width = 3, height = 2, before: Buffer = Buffer.alloc(0)): Buffer {
  const frame = Buffer.from('ffc0001108000000000301220002110103110100', 'hex').subarray(0, 19)
  frame.writeUInt16BE(height, 5)
  frame.writeUInt16BE(width, 7)
  const start = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex')
  return Buffer.concat([start, before, frame, Buffer.from('ffd9', 'hex')])
}

export function webp({ animated = false } = {}): Buffer {
  const extended = Buffer.alloc(10)
  extended[0] = animated ? 0x02 : 0
  extended.writeUIntLE(511, 4, 3)
  extended.writeUIntLE(511, 7, 3)
  const length = Buffer.from([10, 0, 0, 0])
  const body = Buffer.concat([Buffer.from('WEBPVP8X'), length, extended, Buffer.alloc(16)])
  const size = Buffer.alloc(4)
  size.writeUInt32LE(body.length)
  return Buffer.concat([Buffer.from('RIFF'), size, body])
}

export function gif(): Buffer {
  return Buffer.concat([Buffer.from('GIF89a'), Buffer.from([3, 0, 2, 0, 0, 0, 0]), Buffer.from(';')])
}

const OPUS_HEAD = Buffer.concat([
  Buffer.from('OpusHead'),
  Buffer.from([1, 1, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0]),
])

export function opus(length = 200): Buffer {
  const page = Buffer.alloc(28)
  page.write('OggS')
  page.set([0, 2], 4)
  page.set([1, 19], 26)
  return Buffer.concat([page, OPUS_HEAD, Buffer.alloc(length, 'o')])
}

/** Opus of so many seconds, all but the last of them silent, the last a noise. */
export function voice(seconds: number): Buffer {
  const tags = Buffer.concat([Buffer.from('OpusTags'), Buffer.alloc(8)])
  const pages = Array.from({ length: seconds }, (_, n) =>
    oggPage(n + 2, {
      packets: Array.from({ length: FRAMES }, (_, frame) => (n + 1 === seconds ? noise(frame) : SILENT)),
      granule: (n + 1) * 48_000 + 312,
      flags: n + 1 === seconds ? 4 : 0,
    }),
  )
  return Buffer.concat([
    oggPage(0, { packets: [OPUS_HEAD], granule: 0, flags: 2 }),
    oggPage(1, { packets: [tags], granule: 0, flags: 0 }),
    ...pages,
  ])
}

/** To a second, each of 20 ms. */
const FRAMES = 50
const OPUS_FRAME = 0x78
const SILENT = Buffer.from([OPUS_FRAME])
const noise = (seed: number) =>
  Buffer.from([OPUS_FRAME, ...createHash('sha256').update(String(seed)).digest()])

function oggPage(
  n: number,
  {
    packets,
    granule,
    flags,
  }: { readonly packets: readonly Buffer[]; readonly granule: number; readonly flags: number },
): Buffer {
  const page = Buffer.alloc(27)
  page.write('OggS')
  page.writeUInt8(flags, 5)
  page.writeBigInt64LE(BigInt(granule), 6)
  page.writeUInt32LE(1, 14)
  page.writeUInt32LE(n, 18)
  page.writeUInt8(packets.length, 26)
  return Buffer.concat([page, Buffer.from(packets.map(({ length }) => length)), ...packets])
}

type FilmTraits = { readonly ms: number; readonly width: number; readonly height: number }

/** A film's head, which says how long and how large it is; `turned` says that it lies on its side. */
export function film({ ms, width, height }: FilmTraits, { turned = false, long = false } = {}): Buffer {
  const version = long ? 1 : 0
  const [movie, track] = [Buffer.alloc(112), Buffer.alloc(104)]
  movie.writeUInt8(version)
  movie.writeUInt32BE(1_000, long ? 20 : 12)
  movie.writeUInt32BE(ms, long ? 28 : 16)
  track.writeUInt8(version)
  track.writeInt32BE(turned ? 0 : 65_536, long ? 52 : 40)
  track.writeUInt32BE(width * 65_536, long ? 88 : 76)
  track.writeUInt32BE(height * 65_536, long ? 92 : 80)
  const tracks = [box('trak', box('tkhd', Buffer.alloc(104))), box('trak', box('tkhd', track))]
  const body = Buffer.alloc(70_000, 'v')
  return Buffer.concat([
    mp4(0),
    box('mdat', body),
    box('moov', Buffer.concat([box('mvhd', movie), ...tracks])),
  ])
}

function box(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(8 + body.length)
  return Buffer.concat([length, Buffer.from(type, 'latin1'), body])
}

export function mp4(length = 200): Buffer {
  const type = Buffer.from('0000001866747970', 'hex')
  return Buffer.concat([
    type,
    Buffer.from('isom'),
    Buffer.alloc(4),
    Buffer.from('isommp41'),
    Buffer.alloc(length, 'v'),
  ])
}

export function pdf(): Buffer {
  return Buffer.from('%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n')
}

type Entry = { readonly name: string; readonly content: Buffer; readonly claims?: number }

/** `claims` is what the directory says that an entry unpacks to. */
export function zip(entries: readonly Entry[], { comment = '' } = {}): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, content, claims = content.length } of entries) {
    const packed = deflateRawSync(content)
    const common = Buffer.alloc(26)
    common.set([20, 0, 0, 0, 8, 0])
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(claims, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(at, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, Buffer.from(name))
    locals.push(local)
    at += local.length
  }
  const index = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(index.length, 8)
  end.writeUInt32LE(at, 12)
  end.writeUInt16LE(comment.length, 16)
  return Buffer.concat([...locals, index, Buffer.from('PK\x05\x06'), end, Buffer.from(comment)])
}

export function docx(): Buffer {
  const types =
    '<?xml version="1.0"?><Types><Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
  const entries = [
    { name: '[Content_Types].xml', content: Buffer.from(types) },
    { name: 'word/document.xml', content: Buffer.from('<w:document/>') },
  ]
  return zip(entries)
}

const MIB = 1024 * 1024

/** What they unpack to stands in the directory of the one and at the end of the other, which is all that is looked at. */
export const zipBomb = () => zip([{ name: 'zeros', content: Buffer.from('0'), claims: 256 * MIB }])
export function gzipBomb(): Buffer {
  const packed = gzipSync('0')
  packed.writeUInt32LE(128 * MIB, packed.length - 4)
  return packed
}
export const SVG =
  '<?xml version="1.0"?>\n<!-- a circle -->\n<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
