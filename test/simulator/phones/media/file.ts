import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Kinds of files, as the keys of a file depend on them. */
export type MediaKind =
  | 'image'
  | 'video'
  | 'audio'
  | 'document'
  | 'sticker'
  /** What a phone tells its companions, where it is too much for a message. */
  | 'md-msg-hist'
  | 'md-app-state'

/** An encrypted file and what a recipient needs to check and open it. */
export type SealedFile = {
  readonly mediaKey: Buffer
  /** Ciphertext with its truncated HMAC behind it: what is uploaded. */
  readonly bytes: Buffer
  readonly fileSha256: Buffer
  readonly fileEncSha256: Buffer
  readonly fileLength: number
}

const INFO: Readonly<Record<MediaKind, string>> = {
  image: 'WhatsApp Image Keys',
  sticker: 'WhatsApp Image Keys',
  video: 'WhatsApp Video Keys',
  audio: 'WhatsApp Audio Keys',
  document: 'WhatsApp Document Keys',
  'md-msg-hist': 'WhatsApp History Keys',
  'md-app-state': 'WhatsApp App State Keys',
}
const KEY_BYTES = 32
const EXPANDED_BYTES = 112
const MAC_BYTES = 10

/** Encrypts a file with a key of its own. */
export function sealFile(kind: MediaKind, plain: Uint8Array): SealedFile {
  const mediaKey = randomBytes(KEY_BYTES)
  const { iv, cipherKey, macKey } = expand(kind, mediaKey)
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv)
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()])
  const bytes = Buffer.concat([ciphertext, macOf(macKey, iv, ciphertext)])
  const hashes = { fileSha256: sha256(plain), fileEncSha256: sha256(bytes) }
  return { mediaKey, bytes, ...hashes, fileLength: plain.length }
}

export type FileClaims = {
  readonly mediaKey: Uint8Array
  readonly fileSha256: Uint8Array
  readonly fileEncSha256: Uint8Array
  readonly fileLength: number
}

/** The file inside, or a sentence about the first thing in it that is not what the message claims. */
export function openFile(kind: MediaKind, bytes: Buffer, claims: FileClaims): Buffer | string {
  if (!sha256(bytes).equals(claims.fileEncSha256)) return 'the hash of the encrypted file is another'
  const { iv, cipherKey, macKey } = expand(kind, claims.mediaKey)
  const ciphertext = bytes.subarray(0, -MAC_BYTES)
  if (!macOf(macKey, iv, ciphertext).equals(bytes.subarray(-MAC_BYTES))) return 'its MAC is wrong'
  const plain = decrypted(cipherKey, iv, ciphertext)
  if (plain === undefined) return 'it does not decrypt'
  if (!sha256(plain).equals(claims.fileSha256)) return 'the hash of the file inside is another'
  if (plain.length !== claims.fileLength) {
    return `it has ${plain.length} bytes and the message says ${claims.fileLength}`
  }
  return plain
}

function decrypted(key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-cbc', key, iv)
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()])
  } catch {
    return undefined // wrong padding: the only thing left to be wrong once the MAC holds
  }
}

function expand(kind: MediaKind, mediaKey: Uint8Array): { iv: Buffer; cipherKey: Buffer; macKey: Buffer } {
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, '', INFO[kind], EXPANDED_BYTES))
  return { iv: keys.subarray(0, 16), cipherKey: keys.subarray(16, 48), macKey: keys.subarray(48, 80) }
}

function macOf(key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer {
  return createHmac('sha256', key).update(iv).update(ciphertext).digest().subarray(0, MAC_BYTES)
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
