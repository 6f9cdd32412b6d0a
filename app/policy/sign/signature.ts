import {
  createHash,
  createPublicKey,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto'
import type { PolicyFile } from '../../model/policy-file.ts'

/** What is signed begins with words that no other use of a key begins with. */
const CONTEXT = 'postern policy manifest v1\n'
const LINE = /^ed25519 ([A-Za-z0-9+/]{86}==)$/

/** One line for each file, as `sha256sum` writes and reads it, sorted by name. */
export function manifestOf(files: readonly PolicyFile[]): string {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return sorted.map(({ name, text }) => `${sha256(text)}  ${name}\n`).join('')
}

/** The content of the signature file: a line for the key, so that several people can sign one set. */
export function signManifest(manifest: string, key: KeyObject): string {
  return `ed25519 ${signBytes(null, signedBytes(manifest), key).toString('base64')}\n`
}

/** Whether some line of a signature file is by one of these keys, over exactly this manifest. */
export function isSigned(manifest: string, signatures: string, keys: readonly KeyObject[]): boolean {
  return signatures.split('\n').some(line => {
    const signature = LINE.exec(line)?.[1]
    if (signature === undefined) return false
    return keys.some(key => verifyBytes(null, signedBytes(manifest), key, Buffer.from(signature, 'base64')))
  })
}

/** The ed25519 public keys of a PEM file; undefined when it holds anything else, or nothing. */
export function publicKeys(pem: string): readonly KeyObject[] | undefined {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? []
  try {
    const keys = blocks.map(block => createPublicKey(block))
    return keys.length > 0 && keys.every(key => key.asymmetricKeyType === 'ed25519') ? keys : undefined
  } catch {
    return undefined
  }
}

function signedBytes(manifest: string): Buffer {
  return Buffer.from(`${CONTEXT}sha256:${sha256(manifest)}\n`)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
