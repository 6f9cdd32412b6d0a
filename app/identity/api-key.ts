import { createHash, timingSafeEqual } from 'node:crypto'
import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import type { Secret } from '../lib/secret.ts'
import type { PolicySnapshot, Principal } from '../policy/snapshot.ts'

export type ApiKeyDeps = {
  /** Throws PosternError `secret.missing`. */
  readonly readSecret: (ref: string) => Secret
  readonly log: Log
  readonly now: () => Date
}

/** The service a key belongs to, with a short id of the key that is safe to write down. */
export type KeyOwner = { readonly principal: Principal; readonly keyId: string }

export type ApiKeys = {
  find(key: string, snapshot: PolicySnapshot): KeyOwner | undefined
  /** The id of the key that counts for a principal; none while its hash cannot be used. */
  idOf(principal: Principal): string | undefined
}

const KEY = /^pk_[A-Za-z0-9_-]{43,128}$/
const HEX_SHA256 = /^[0-9a-f]{64}$/i
/** A hash file that was replaced counts after this long at the latest. */
const KEPT_FOR_MS = 1_000
const KEY_ID_LENGTH = 12

/** Finds whose key it is. Every hash is compared, in constant time, so that the time says nothing about which matched. */
export function createApiKeys(deps: ApiKeyDeps): ApiKeys {
  const kept = new Map<string, { hash: Buffer | undefined; readAt: number }>()

  function find(key: string, snapshot: PolicySnapshot): KeyOwner | undefined {
    if (!KEY.test(key)) return undefined
    const digest = createHash('sha256').update(key).digest()
    let owner: Principal | undefined
    for (const principal of snapshot.principals.values()) {
      const hash = principal.apiKeyHashRef === undefined ? undefined : hashOf(principal.apiKeyHashRef)
      if (hash !== undefined && timingSafeEqual(hash, digest)) owner = principal
    }
    return owner && { principal: owner, keyId: idIn(digest) }
  }

  function idOf({ apiKeyHashRef }: Principal): string | undefined {
    const hash = apiKeyHashRef === undefined ? undefined : hashOf(apiKeyHashRef)
    return hash && idIn(hash)
  }

  function hashOf(ref: string): Buffer | undefined {
    const at = deps.now().getTime()
    const known = kept.get(ref)
    if (known !== undefined && at - known.readAt < KEPT_FOR_MS) return known.hash
    const hash = readHash(ref)
    kept.set(ref, { hash, readAt: at })
    return hash
  }

  function readHash(ref: string): Buffer | undefined {
    try {
      const text = deps.readSecret(ref).reveal().toString('utf8').trim()
      if (HEX_SHA256.test(text)) return Buffer.from(text, 'hex')
      deps.log.warn('auth.key_hash_unusable', { ref, reason: 'expected a SHA-256 in hex' })
    } catch (error) {
      deps.log.warn('auth.key_hash_unusable', { ref, reason: reasonOf(error) })
    }
    return undefined
  }

  return { find, idOf }
}

function idIn(hash: Buffer): string {
  return hash.toString('hex').slice(0, KEY_ID_LENGTH)
}
