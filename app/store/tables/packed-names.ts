/** WhatsApp's binary form packs digits two to a byte: this mark, then how many bytes, of whose last half may be padding. */
const PACKED = /ff([08][0-9a-f])/g
const PADDING = /f$/

/** The numbers and LIDs that a stanza in WhatsApp's binary form names, and what only looks like one. */
export function namesInStanza(stanza: Uint8Array): readonly string[] {
  const hex = Buffer.from(stanza).toString('hex')
  const found: string[] = []
  for (const match of hex.matchAll(PACKED)) {
    const [mark, length = ''] = match
    const from = match.index + mark.length
    const byteCount = Number.parseInt(length, 16) & 0x7f
    const digits = hex.slice(from, from + 2 * byteCount).replace(PADDING, '')
    if (/^\d{5,20}$/.test(digits)) found.push(`+${digits}`, `${digits}@lid`)
  }
  return found
}
