import { invalid, type Parsed, parsed } from '../../answer.ts'

/** The bytes of a text in base64; browsers put the type before it, as in `data:image/png;base64,…`. */
export function bytesOfBase64(text: string, path: string): Parsed<Uint8Array> {
  const plain = text.replace(/^data:[\w.+/-]+;base64,/, '').replaceAll(/\s/g, '')
  const bytes = Buffer.from(plain, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === plain
    ? parsed(bytes)
    : invalid(path, 'must be base64')
}
