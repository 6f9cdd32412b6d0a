import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { PosternError, reasonOf } from '../lib/error.ts'
import { Secret } from '../lib/secret.ts'
import type { Config } from './config.ts'

const KEY_BYTES = 32
const BASE64_OF_32 = /^[A-Za-z0-9+/]{43}=$/
const OTHERS_MAY_WRITE = 0o022
const OTHERS_MAY_READ = 0o044

export type MasterKey = {
  readonly key: Secret
  /** It was made just now: somebody should keep a copy elsewhere. */
  readonly created: boolean
  /** One sentence on what is not as it should be. */
  readonly warning?: string
}

/**
 * The key that wraps all data keys. Made only while there is no store; a store without its key is lost data, not a
 * first start. Throws `key.missing`, `key.malformed`, and `key.unsafe` when others could put their own in its place.
 */
export function readMasterKey(
  { masterKeyFile }: Pick<Config, 'masterKeyFile'>,
  storeExists: boolean,
): MasterKey {
  const mode = modeOf(masterKeyFile)
  if (mode === undefined) {
    if (!storeExists) return { key: create(masterKeyFile), created: true }
    const remedy = 'put it back from your copy, or name it with POSTERN_MASTER_KEY_FILE'
    throw new PosternError(
      'key.missing',
      `there is a store, but not its master key ${masterKeyFile}: ${remedy}`,
    )
  }
  if ((mode & OTHERS_MAY_WRITE) !== 0) {
    throw new PosternError('key.unsafe', `others may write the master key: chmod 0400 ${masterKeyFile}`)
  }
  const key = parse(masterKeyFile)
  if ((mode & OTHERS_MAY_READ) === 0) return { key, created: false }
  return { key, created: false, warning: `others may read the master key: chmod 0400 ${masterKeyFile}` }
}

function parse(file: string): Secret {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new PosternError('key.missing', `cannot read the master key ${file}: ${reasonOf(cause)}`, { cause })
  }
  if (!BASE64_OF_32.test(text)) {
    throw new PosternError('key.malformed', `the master key ${file} is not the base64 of ${KEY_BYTES} bytes`)
  }
  return new Secret(Buffer.from(text, 'base64'))
}

/** `wx`: of two first starts at once, one makes the key and the other fails instead of overwriting it. */
function create(file: string): Secret {
  const bytes = randomBytes(KEY_BYTES)
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const handle = openSync(file, 'wx', 0o400)
    writeSync(handle, `${bytes.toString('base64')}\n`)
    fsyncSync(handle)
    closeSync(handle)
  } catch (cause) {
    const message = `there is no master key, and none can be made at ${file}: ${reasonOf(cause)}`
    throw new PosternError('key.missing', message, { cause })
  }
  return new Secret(bytes)
}

function modeOf(file: string): number | undefined {
  try {
    return statSync(file).mode
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new PosternError('key.missing', `cannot read the master key ${file}: ${reasonOf(cause)}`, { cause })
  }
}
