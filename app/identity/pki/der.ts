/** DER, as far as keys and files for browsers need it: each function gives the bytes of one value. */

export const sequence = (...members: readonly Uint8Array[]): Buffer => value(0x30, members)
/** In the order that DER asks of a set. */
export const setOf = (...members: readonly Uint8Array[]): Buffer =>
  value(0x31, [...members].sort(Buffer.compare))
/** `[0] EXPLICIT`. */
export const tagged = (member: Uint8Array): Buffer => value(0xa0, [member])
export const octets = (bytes: Uint8Array): Buffer => value(0x04, [bytes])
export const bmpString = (text: string): Buffer => value(0x1e, [utf16(text)])
export const nothing = (): Buffer => value(0x05, [])

/** Whole and not below zero. */
export function integer(number: number): Buffer {
  const hex = number.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return value(0x02, bytes.readUInt8(0) < 0x80 ? [bytes] : [Buffer.of(0), bytes])
}

/** An object identifier, written with dots. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return value(0x06, [Buffer.from([first * 40 + second, ...rest].flatMap(inSevens))])
}

/** Two bytes a letter, the larger one first. */
export function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

/** Seven bits a byte; all but the last have the eighth set. */
function inSevens(number: number): number[] {
  const digits = [number % 128]
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift((rest % 128) | 0x80)
  return digits
}

function value(tag: number, members: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(members)
  if (content.length < 0x80) return Buffer.concat([Buffer.of(tag, content.length), content])
  const hex = content.length.toString(16)
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, content])
}
