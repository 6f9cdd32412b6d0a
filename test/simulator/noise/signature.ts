import { createPublicKey, verify } from 'node:crypto'

const P = 2n ** 255n - 19n
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * Whether an XEdDSA signature by a Curve25519 key is genuine. Baileys' own `Curve.verify` answers true for every
 * signature of the right length, so the simulator converts the key to its Edwards form and lets Node verify Ed25519.
 */
export function signatureValid(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const plain = Buffer.from(signature)
  const sign = plain.readUInt8(63) & 0x80
  plain.writeUInt8(plain.readUInt8(63) & 0x7f, 63)
  const edwards = edwardsKey(publicKey)
  edwards.writeUInt8(edwards.readUInt8(31) | sign, 31)
  const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI, edwards]), format: 'der', type: 'spki' })
  return verify(null, message, key, plain)
}

/** y = (u - 1) / (u + 1), the birational map from Curve25519 to Ed25519, little-endian. */
function edwardsKey(montgomery: Uint8Array): Buffer {
  const u = BigInt(`0x${Buffer.from(montgomery).reverse().toString('hex')}`) & (2n ** 255n - 1n)
  const y = ((u - 1n + P) * inverse((u + 1n) % P)) % P
  return Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse()
}

function inverse(value: bigint): bigint {
  let result = 1n
  let base = value % P
  for (let exponent = P - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % P
    base = (base * base) % P
  }
  return result
}
