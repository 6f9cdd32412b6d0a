import { createHmac, hkdfSync } from 'node:crypto'

/** What follows from one app state key. */
export type MacKeys = {
  readonly index: Buffer
  readonly cipher: Buffer
  readonly value: Buffer
  readonly snapshot: Buffer
  readonly patch: Buffer
}

/** What a mutation does, as it enters the MAC of its value. */
export type Operation = 'set' | 'remove'

const EXPANDED_BYTES = 160
const VALUE_MAC_BYTES = 32
const OPERATION_BYTES: Readonly<Record<Operation, number>> = { set: 1, remove: 2 }

export function expandStateKey(key: Uint8Array): MacKeys {
  const all = Buffer.from(hkdfSync('sha256', key, '', 'WhatsApp Mutation Keys', EXPANDED_BYTES))
  const part = (at: number) => all.subarray(at * 32, (at + 1) * 32)
  return { index: part(0), cipher: part(1), value: part(2), snapshot: part(3), patch: part(4) }
}

/** What stands for an index on the wire. */
export function indexMacOf({ index }: MacKeys, text: Uint8Array): Buffer {
  return hmac(index, [text])
}

export type SealedValue = {
  readonly operation: Operation
  readonly keyId: Uint8Array
  readonly ciphertext: Uint8Array
}

export function valueMacOf({ value }: MacKeys, { operation, keyId, ciphertext }: SealedValue): Buffer {
  const head = Buffer.from([OPERATION_BYTES[operation], ...keyId])
  const parts = [head, ciphertext, bigEndian64(head.length)]
  return parts
    .reduce((mac, part) => mac.update(part), createHmac('sha512', value))
    .digest()
    .subarray(0, VALUE_MAC_BYTES)
}

/** One version of a collection. */
export type Version = { readonly name: string; readonly version: number }

/** Says that the records in force at a version have this hash. */
export function snapshotMacOf({ snapshot }: MacKeys, hash: Uint8Array, { name, version }: Version): Buffer {
  return hmac(snapshot, [hash, bigEndian64(version), Buffer.from(name)])
}

export type PatchMacs = { readonly snapshotMac: Uint8Array; readonly valueMacs: readonly Uint8Array[] }

/** Says that exactly these mutations lead to a version. */
export function patchMacOf(
  { patch }: MacKeys,
  { snapshotMac, valueMacs }: PatchMacs,
  { name, version }: Version,
): Buffer {
  return hmac(patch, [snapshotMac, ...valueMacs, bigEndian64(version), Buffer.from(name)])
}

function hmac(key: Buffer, parts: readonly Uint8Array[]): Buffer {
  return parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest()
}

function bigEndian64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
