import { parseSecretRef } from '../../model/secret-ref.ts'
import { isRecord, type Path } from './document.ts'

/** Shapes that keys, tokens, hashes of passwords and private keys have, whatever they stand under. */
const SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]+-----/,
  /\bwhsec_[A-Za-z0-9+/=]{8,}/,
  /\bpk_[A-Za-z0-9_-]{20,}/,
  /\b(sk|rk)_(live|test)_\w{8,}/,
  /\b(ghp|gho|ghs|ghu|glpat|xox[abp])[_-]\w{10,}/,
  /\bAKIA[A-Z0-9]{16}\b/,
  /\bAGE-SECRET-KEY-1\w+/,
  /\$(argon2\w*|2[aby]|scrypt)\$/,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\./,
  /^[0-9a-fA-F]{64}$/,
  /:\/\/[^\s/@:]*:[^\s/@]+@/,
  /[?&](access_)?(token|secret|password|api_?key|signature|key)=[^&]{6,}/i,
]

const NONE: readonly Path[] = []
const SECRET_KEY = /(password|passwd|passphrase|secret|token|apikey|api[-_]key|private[-_]?key)$/i
const REFERENCE_KEY = /Ref$/

/** Paths of all texts that look like a secret, from a value that stands under `key`. Their values must not be repeated anywhere. */
export function literalSecrets(value: unknown, key?: string | number): readonly Path[] {
  if (typeof value === 'string') return looksSecret(value, key) ? [[]] : NONE
  if (Array.isArray(value)) return secretsUnder(value.entries())
  return isRecord(value) ? secretsUnder(Object.entries(value)) : NONE
}

/** Paths are made from their ends: of almost all values there is none to tell. */
function secretsUnder(members: Iterable<[string | number, unknown]>): readonly Path[] {
  const found: Path[] = []
  for (const [key, member] of members)
    for (const path of literalSecrets(member, key)) found.push([key, ...path])
  return found
}

function looksSecret(text: string, key: string | number | undefined): boolean {
  if (parseSecretRef(text) !== undefined) return false
  if (SHAPES.some(shape => shape.test(text)) || isRandom(text)) return true
  if (typeof key !== 'string') return false
  // What stands where a reference should, and does not even try to be one, is most likely the thing itself.
  if (REFERENCE_KEY.test(key)) return !/^(secret|file):/.test(text)
  return SECRET_KEY.test(key) && text !== ''
}

/** Forty and more letters without a space that mix capitals, small letters and digits: nobody writes that by hand. */
function isRandom(text: string): boolean {
  return /^[A-Za-z0-9+/_=-]{40,}$/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text)
}
