import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PosternError } from '../lib/error.ts'
import { privateFolder, replaceFile } from '../lib/replace-file.ts'
import { parseClientName } from './pki/names.ts'

const KEY_BYTES = 32
const HASH_MODE = 0o400

/** A key for a service, shown this once: only its hash is kept. */
export type IssuedApiKey = {
  readonly key: string
  /** What the policy's `apiKey.hashRef` says. */
  readonly hashRef: string
  readonly file: string
}

export type ApiKeyRequest = {
  readonly name: string
  /** Take the place of the key that is there, which counts no more a second later. */
  readonly renew: boolean
}

/** `pk_` and 256 random bits. */
export function newApiKey(): string {
  return `pk_${randomBytes(KEY_BYTES).toString('base64url')}`
}

/** What is kept of a key: its SHA-256 in hex. */
export function apiKeyHash(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** Makes a key and writes its hash to `key-NAME` in the secrets folder. Throws PosternError `pki.name` or `key.exists`. */
export function issueApiKey(secretsDir: string, { name, renew }: ApiKeyRequest): IssuedApiKey {
  const secret = `key-${parseClientName(name)}`
  const file = join(secretsDir, secret)
  if (existsSync(file) && !renew) {
    throw new PosternError('key.exists', `${file} is there already: --renew puts another key in its place`)
  }
  const key = newApiKey()
  privateFolder(secretsDir)
  replaceFile(file, `${apiKeyHash(key)}\n`, HASH_MODE)
  return { key, hashRef: `secret:${secret}`, file }
}
