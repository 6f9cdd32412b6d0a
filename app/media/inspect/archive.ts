import type { Looked } from './inspect.ts'

const END_RECORD = 0x06054b50
const END_RECORD_BYTES = 22
const ENTRY = 0x02014b50
const ENTRY_BYTES = 46
const MAX_DIRECTORY_BYTES = 4 * 1024 * 1024
/** What an archive may unpack to, and how many times its own size once that is much. */
const MAX_UNPACKED_BYTES = 2 * 1024 ** 3
const MUCH_BYTES = 64 * 1024 ** 2
const MAX_RATIO = 100

/** Why an archive is not taken; undefined for one that is, and for what is none. Nothing is unpacked. */
export async function archiveFault(looked: Looked): Promise<string | undefined> {
  const start = looked.head.subarray(0, 4).toString('hex')
  if (start.startsWith('1f8b')) return bombFault(looked, lastWord(looked))
  if (start !== '504b0304' && start !== '504b0506') return undefined
  const at = endRecordAt(looked.tail)
  if (at === undefined) return 'is a ZIP archive without its directory'
  const unpacked = await unpackedBytes(looked, at)
  return typeof unpacked === 'string' ? unpacked : bombFault(looked, unpacked)
}

/** Where the last record of a ZIP begins, which must end where the file does. */
export function endRecordAt(tail: Buffer): number | undefined {
  for (let at = tail.length - END_RECORD_BYTES; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== END_RECORD) continue
    if (at + END_RECORD_BYTES + tail.readUInt16LE(at + 20) === tail.length) return at
  }
  return undefined
}

/** What all entries together say that they unpack to, or what is wrong with the directory. */
async function unpackedBytes({ tail, size, read }: Looked, at: number): Promise<number | string> {
  const [length, start] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)]
  if (length > MAX_DIRECTORY_BYTES) return 'is a ZIP archive of too many files'
  if (start + length > size) return 'is a ZIP archive with a directory that is not there'
  const directory = await read(start, length)
  let [unpacked, packed] = [0, 0]
  for (let entry = 0; entry + ENTRY_BYTES <= directory.length; ) {
    if (directory.readUInt32LE(entry) !== ENTRY) return 'is a ZIP archive with a broken directory'
    packed += directory.readUInt32LE(entry + 20)
    unpacked += directory.readUInt32LE(entry + 24)
    const lengths = [28, 30, 32].map(field => directory.readUInt16LE(entry + field))
    entry += ENTRY_BYTES + lengths.reduce((sum, each) => sum + each, 0)
  }
  return packed > size ? 'is a ZIP archive whose files lie over one another' : unpacked
}

function bombFault({ size }: Looked, unpacked: number): string | undefined {
  const isBomb = unpacked > MAX_UNPACKED_BYTES || (unpacked > MUCH_BYTES && unpacked > MAX_RATIO * size)
  return isBomb ? `is an archive of ${size} bytes that unpacks to ${unpacked}` : undefined
}

/** gzip ends with the size of what was packed. */
function lastWord({ tail }: Looked): number {
  return tail.length < 4 ? 0 : tail.readUInt32LE(tail.length - 4)
}
