import { createCipheriv, createPrivateKey, pbkdf2Sync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { PosternError, reasonOf } from '../../lib/error.ts'
import { integer, nothing, octets, oid, sequence } from './der.ts'

/** What OWASP asks of PBKDF2 with SHA-256; Node itself would take 2048. A passphrase may have been made up by a person. */
const ITERATIONS = 600_000
const LEAST_CHARACTERS = 12
const SALT_BYTES = 16
const IV_BYTES = 16
const KEY_BYTES = 32
const LABEL = 'ENCRYPTED PRIVATE KEY'
const PEM_WIDTH = /.{1,64}/g
const PBES2 = '1.2.840.113549.1.5.13'
const PBKDF2 = '1.2.840.113549.1.5.12'
const HMAC_SHA256 = '1.2.840.113549.2.9'
const AES_256_CBC = '2.16.840.1.101.3.4.1.42'

/** The first line of a passphrase file. Throws PosternError `pki.passphrase` for none, or one that is soon guessed. */
export function readPassphrase(file: string): string {
  const passphrase = firstLine(file)
  if (passphrase.length >= LEAST_CHARACTERS) return passphrase
  throw new PosternError(
    'pki.passphrase',
    `${file}: expected a passphrase of at least ${LEAST_CHARACTERS} characters on the first line`,
  )
}

export function isEncrypted(pem: string): boolean {
  return pem.includes(`BEGIN ${LABEL}`)
}

/** The key as it may lie on a disk, in the form that other programs read too: PKCS #8, PEM. */
export function encryptKey(pem: string, passphrase: string): string {
  const base64 = encryptedKey(pem, { password: passphrase, iterations: ITERATIONS }).toString('base64')
  return [`-----BEGIN ${LABEL}-----`, ...(base64.match(PEM_WIDTH) ?? []), `-----END ${LABEL}-----`, ''].join(
    '\n',
  )
}

/** The key in clear, PKCS #8, PEM. Throws PosternError `pki.passphrase` when this is not its passphrase. */
export function decryptKey(pem: string, passphrase: string): string {
  try {
    return createPrivateKey({ key: pem, passphrase }).export({ type: 'pkcs8', format: 'pem' }).toString()
  } catch (cause) {
    throw new PosternError('pki.passphrase', 'the passphrase is not that of the key', { cause })
  }
}

/** `EncryptedPrivateKeyInfo` of RFC 5208, encrypted as RFC 8018 says: PBES2 with PBKDF2 and AES. DER. */
export function encryptedKey(
  pem: string,
  { password, iterations }: { readonly password: string; readonly iterations: number },
): Buffer {
  const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(IV_BYTES)]
  const secret = pbkdf2Sync(password, salt, iterations, KEY_BYTES, 'sha256')
  const cipher = createCipheriv('aes-256-cbc', secret, iv)
  const clear = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' })
  const hash = sequence(oid(HMAC_SHA256), nothing())
  const derivation = sequence(oid(PBKDF2), sequence(octets(salt), integer(iterations), hash))
  const scheme = sequence(oid(PBES2), sequence(derivation, sequence(oid(AES_256_CBC), octets(iv))))
  return sequence(scheme, octets(Buffer.concat([cipher.update(clear), cipher.final()])))
}

function firstLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0] ?? ''
  } catch (cause) {
    throw new PosternError('pki.passphrase', `${file} cannot be read: ${reasonOf(cause)}`, { cause })
  }
}
