import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PosternError } from '../lib/error.ts'
import { Secret } from '../lib/secret.ts'
import { parseSecretRef } from '../model/secret-ref.ts'

const MAX_BYTES = 1_048_576
const READ_AGAIN_AFTER_MS = 1_000
const READ_BY_OTHERS = 0o004
const PASSED_BY_OTHERS = 0o001

/** Whether a reference leads to a secret that can be read. What is no reference at all is `missing`. */
export type SecretState = 'ok' | 'missing' | 'unreadable'

/**
 * The bytes that a reference stands for, without the line end that editors and `echo` leave behind.
 * Throws `secret.missing` and `secret.unreadable`; the message names the reference, never the content.
 */
export function readSecret(secretsDir: string, ref: string): Secret {
  const path = pathOf(secretsDir, ref)
  const state = stateOf(path)
  if (path === undefined || state === 'missing') {
    throw new PosternError('secret.missing', `there is no ${ref}: expected a file ${path ?? 'secret:NAME'}`)
  }
  if (state === 'unreadable') {
    const message = `${ref} cannot be read: ${path} must be a file with something in it that this user may read`
    throw new PosternError('secret.unreadable', message)
  }
  return new Secret(withoutLineEnd(readFileSync(path)))
}

/** Reads like `readSecret`, from the disk again after a second: a webhook needs two of them, and there may be hundreds a second. */
export function secretReader(secretsDir: string, now: () => Date): (ref: string) => Secret {
  const known = new Map<string, { readonly secret: Secret; readonly readAtMs: number }>()
  return ref => {
    const nowMs = now().getTime()
    const before = known.get(ref)
    if (before !== undefined && Math.abs(nowMs - before.readAtMs) < READ_AGAIN_AFTER_MS) return before.secret
    known.delete(ref) // what cannot be read any more counts no more
    const secret = readSecret(secretsDir, ref)
    known.set(ref, { secret, readAtMs: nowMs })
    return secret
  }
}

/** The same question without reading. */
export function secretState(secretsDir: string, ref: string): SecretState {
  return stateOf(pathOf(secretsDir, ref))
}

/**
 * Whether every user of the machine may read a secret that is there, by the modes of the file and of all folders above it:
 * one that others may not pass keeps what is within to itself. Not for the app, which may not look at folders that high.
 */
export function isExposed(secretsDir: string, ref: string): boolean {
  const path = pathOf(secretsDir, ref)
  if (stateOf(path) !== 'ok' || path === undefined) return false
  let here = realpathSync(path) // where it is a link, as in a mounted folder, the modes of what it leads to count
  if ((statSync(here).mode & READ_BY_OTHERS) === 0) return false
  while (dirname(here) !== here) {
    here = dirname(here)
    if ((statSync(here).mode & PASSED_BY_OTHERS) === 0) return false
  }
  return true
}

function pathOf(secretsDir: string, ref: string): string | undefined {
  const parsed = parseSecretRef(ref)
  if (parsed === undefined) return undefined
  return parsed.kind === 'file' ? parsed.path : join(secretsDir, parsed.name)
}

function stateOf(path: string | undefined): SecretState {
  if (path === undefined) return 'missing'
  try {
    const what = statSync(path)
    if (!what.isFile() || what.size === 0 || what.size > MAX_BYTES) return 'unreadable'
    accessSync(path, constants.R_OK)
    return 'ok'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unreadable'
  }
}

function withoutLineEnd(bytes: Buffer): Buffer {
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? 2 : 1) : 0
  return bytes.subarray(0, bytes.length - end)
}
