import { isUtf8 } from 'node:buffer'

/** One file of the policy folder. `name` is relative to that folder, with `/` between its parts. */
export type PolicyFile = { readonly name: string; readonly text: string }

/** The signature of a policy folder. Beside the policy files, but none of them: its name does not end as theirs do. */
export const SIGNATURE_FILE = 'policy.sig'

/** Half a letter: UTF-8 has no bytes for it, so that no text that was written well holds one. */
const WRONG_BYTE = '\udc80'
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf)

/**
 * The text of a policy file. Bytes that are no UTF-8 do not keep the file from being read: half a letter stands before the
 * first of them, which goes wherever the text goes and is told like any other mistake (`wrongByteIn`).
 */
export function policyText(bytes: Uint8Array): string {
  const decoder = new TextDecoder()
  if (isUtf8(bytes)) return decoder.decode(bytes)
  const start = BYTE_ORDER_MARK.every((byte, n) => byte === bytes[n]) ? BYTE_ORDER_MARK.length : 0
  const own = bytes.subarray(start)
  const readAs = Buffer.from(decoder.decode(own))
  const wrong = readAs.findIndex((byte, n) => byte !== own[n])
  return decoder.decode(own.subarray(0, wrong)) + WRONG_BYTE + decoder.decode(own.subarray(wrong))
}

/** Where the first byte stood that was no UTF-8; undefined in a text that was written well. */
export function wrongByteIn(text: string): number | undefined {
  return text.isWellFormed() ? undefined : text.search(/\p{Surrogate}/u)
}
