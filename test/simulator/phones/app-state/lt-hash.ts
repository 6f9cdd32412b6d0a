import { hkdfSync } from 'node:crypto'

const HASH_BYTES = 128
const MODULUS = 2 ** 16

/** The hash of nothing. */
export const EMPTY_HASH: Buffer = Buffer.alloc(HASH_BYTES)

export type HashChange = { readonly added: readonly Uint8Array[]; readonly taken: readonly Uint8Array[] }

/**
 * A hash over a set of value MACs from which one can be taken again without knowing the others: the sum of sixty-four
 * short numbers that follow from each.
 */
export function changeHash(hash: Uint8Array, { added, taken }: HashChange): Buffer {
  const sum = Buffer.from(hash)
  for (const mac of taken) mix(sum, mac, -1)
  for (const mac of added) mix(sum, mac, 1)
  return sum
}

function mix(sum: Buffer, mac: Uint8Array, sign: 1 | -1): void {
  const term = Buffer.from(hkdfSync('sha256', mac, '', 'WhatsApp Patch Integrity', HASH_BYTES))
  for (let at = 0; at < HASH_BYTES; at += 2) {
    sum.writeUInt16LE((sum.readUInt16LE(at) + sign * term.readUInt16LE(at) + MODULUS) % MODULUS, at)
  }
}
