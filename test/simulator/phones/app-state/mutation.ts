import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import { indexMacOf, type MacKeys, type Operation, valueMacOf } from './macs.ts'

const { SyncdOperation } = proto.SyncdMutation
const CIPHER = 'aes-256-cbc'
const IV_BYTES = 16
const MAC_BYTES = 32

/** One thing to set or to remove. */
export type Mutation = {
  readonly operation: Operation
  /** What it is about: the action's name, then the chat, message or contact. */
  readonly index: readonly string[]
  readonly action: proto.ISyncActionValue
  /** The version of the action's form. */
  readonly form: number
}

/** A mutation that has been decrypted and whose MACs are right. */
export type OpenedMutation = {
  readonly operation: Operation
  readonly indexMac: Buffer
  readonly valueMac: Buffer
  readonly sealed: Uint8Array
  readonly index: string
  readonly action: Uint8Array
}

/** A key as patches name it. */
export type NamedKey = { readonly id: Uint8Array; readonly macs: MacKeys }

export function sealMutation(mutation: Mutation, { id, macs }: NamedKey): proto.ISyncdMutation {
  const { operation, index, action, form } = mutation
  const text = Buffer.from(JSON.stringify(index))
  const plain = proto.SyncActionData.encode({
    index: text,
    value: action,
    padding: new Uint8Array(0),
    version: form,
  }).finish()
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(CIPHER, macs.cipher, iv)
  const ciphertext = Buffer.concat([iv, cipher.update(plain), cipher.final()])
  const mac = valueMacOf(macs, { operation, keyId: id, ciphertext })
  return {
    operation: operation === 'set' ? SyncdOperation.SET : SyncdOperation.REMOVE,
    record: {
      index: { blob: indexMacOf(macs, text) },
      value: { blob: Buffer.concat([ciphertext, mac]) },
      keyId: { id },
    },
  }
}

/** Finds the key that a device names. */
export type FindKey = (id: Uint8Array) => NamedKey | undefined

/** The mutation inside, or a sentence about the first thing that is wrong with it. */
export function openMutation(
  { operation, record }: proto.ISyncdMutation,
  find: FindKey,
): OpenedMutation | string {
  const keyId = record?.keyId?.id ?? new Uint8Array(0)
  const blob = Buffer.from(record?.value?.blob ?? [])
  const keys = find(keyId)?.macs
  if (keys === undefined) return 'a mutation is encrypted with a key that the phone never made'
  const kind = operationOf(operation)
  const ciphertext = blob.subarray(0, -MAC_BYTES)
  const valueMac = valueMacFrom(blob)
  if (!valueMacOf(keys, { operation: kind, keyId, ciphertext }).equals(valueMac)) {
    return 'the MAC of a value is wrong'
  }
  const plain = decrypted(keys.cipher, ciphertext)
  if (plain === undefined) return 'a value does not decrypt'
  const said = proto.SyncActionData.decode(plain)
  const text = Buffer.from(said.index ?? [])
  const indexMac = Buffer.from(record?.index?.blob ?? [])
  if (!indexMacOf(keys, text).equals(indexMac)) return 'the MAC of an index is wrong'
  if (!isIndex(text.toString())) return 'an index is no list of strings'
  return {
    operation: kind,
    indexMac,
    valueMac,
    sealed: proto.SyncdRecord.encode(record ?? {}).finish(),
    index: text.toString(),
    action: proto.SyncActionValue.encode(said.value ?? {}).finish(),
  }
}

function isIndex(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) && parsed.every(each => typeof each === 'string')
  } catch {
    return false
  }
}

/** What a mutation does to the hash of its collection. */
export type Outline = Pick<OpenedMutation, 'operation' | 'indexMac' | 'valueMac'>

/** What a mutation shows without being decrypted. */
export function outlineOf({ operation, record }: proto.ISyncdMutation): Outline {
  return {
    operation: operationOf(operation),
    indexMac: Buffer.from(record?.index?.blob ?? []),
    valueMac: valueMacFrom(record?.value?.blob ?? new Uint8Array(0)),
  }
}

function operationOf(operation: proto.ISyncdMutation['operation']): Operation {
  return operation === SyncdOperation.REMOVE ? 'remove' : 'set'
}

/** The MAC at the end of an encrypted value. */
export function valueMacFrom(blob: Uint8Array): Buffer {
  return Buffer.from(blob).subarray(-MAC_BYTES)
}

function decrypted(key: Buffer, ciphertext: Buffer): Buffer | undefined {
  try {
    const decipher = createDecipheriv(CIPHER, key, ciphertext.subarray(0, IV_BYTES))
    return Buffer.concat([decipher.update(ciphertext.subarray(IV_BYTES)), decipher.final()])
  } catch {
    return undefined // wrong padding or no room for it: somebody has put a right MAC around nonsense
  }
}
