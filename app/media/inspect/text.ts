import { isUtf8 } from 'node:buffer'

const LOOKED_AT = 64 * 1024
/** A character that the end of the bytes cuts through has at most so many before it. */
const MAX_CUT = 3

/** The type of what is text: `text/plain`, or what its markup is; undefined for everything else. */
export function sniffText(head: Buffer): string | undefined {
  const text = textIn(head.subarray(0, LOOKED_AT))
  if (text === undefined) return undefined
  const root = rootOf(text)
  if (/^<([\w.-]+:)?svg[\s>/]/i.test(root)) return 'image/svg+xml'
  if (/^<(!doctype\s+html|html|head|body|script|iframe)\b/i.test(root)) return 'text/html'
  return 'text/plain'
}

function textIn(bytes: Buffer): string | undefined {
  const mark = bytes.subarray(0, 2).toString('hex')
  if (mark === 'fffe') return bytes.toString('utf16le', 2)
  if (mark === 'feff')
    return Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString('utf16le', 2)
  if (bytes.some(isControl)) return undefined
  for (let cut = 0; cut <= MAX_CUT; cut += 1) {
    const whole = bytes.subarray(0, bytes.length - cut)
    if (isUtf8(whole)) return whole.toString().replace(/^\uFEFF/, '')
    if (bytes.length < LOOKED_AT) return undefined // nothing was cut
  }
  return undefined
}

function isControl(byte: number): boolean {
  return byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b) || byte === 0x7f
}

/** What is left from the first element on: declarations, comments and a document type come before it. */
function rootOf(text: string): string {
  let rest = text.trimStart()
  for (;;) {
    const end = PREFACES.find(([start]) => rest.slice(0, start.length).toLowerCase() === start)?.[1](rest)
    if (end === undefined) return rest
    rest = rest.slice(end).trimStart()
  }
}

const PREFACES: readonly (readonly [start: string, endOf: (rest: string) => number | undefined])[] = [
  ['<?', rest => after(rest, '?>')],
  ['<!--', rest => after(rest, '-->')],
  ['<!doctype svg', rest => after(rest, '>', subsetEnd(rest))],
  ['<!doctype xml', rest => after(rest, '>', subsetEnd(rest))],
]

function after(text: string, mark: string, from = 0): number | undefined {
  const at = text.indexOf(mark, from)
  return at === -1 ? undefined : at + mark.length
}

/** Where the declarations inside a document type end. */
function subsetEnd(rest: string): number {
  const [open, close] = [rest.indexOf('['), rest.indexOf('>')]
  return open === -1 || open > close ? 0 : Math.max(0, rest.indexOf(']', open))
}
