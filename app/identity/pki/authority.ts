import { createPrivateKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { PosternError } from '../../lib/error.ts'
import { privateFolder, replaceFile } from '../../lib/replace-file.ts'
import { readAuthorities } from '../certificate.ts'
import { type CertificateAndKey, createAuthority } from './certificate.ts'
import { decryptKey, encryptKey, isEncrypted, readPassphrase } from './private-key.ts'

/** Where certificates and keys lie. The running app reads the first folder and never the second. */
export type PkiFolders = Pick<Config, 'secretsDir' | 'pkiDir' | 'pkiPassphraseFile'>

/** `internal` signs the two ends of the hop between Caddy and the app, `client` the callers of the api site. */
export type AuthorityName = 'internal' | 'client'

export const CERTIFICATE_MODE = 0o600
export const KEY_MODE = 0o400

const COMMON_NAMES = { internal: 'Postern internal CA', client: 'Postern client CA' } as const
const YEARS = 15
const DAY_MS = 24 * 60 * 60 * 1_000
/** Clocks of other machines may be a little behind ours. */
const BACKDATED_MS = 5 * 60 * 1_000

/** From five minutes ago until `days` from now. */
export function validFor(days: number, now: Date): { notBefore: Date; notAfter: Date } {
  const at = now.getTime()
  return { notBefore: new Date(at - BACKDATED_MS), notAfter: new Date(at + days * DAY_MS) }
}

/**
 * Makes the authority when there is neither certificate nor key, and says whether it did. A certificate without its
 * key is fine: the key is kept elsewhere. Throws PosternError `pki.incomplete` for a key whose certificate is gone.
 */
export async function ensureAuthority(folders: PkiFolders, name: AuthorityName, now: Date): Promise<boolean> {
  const files = authorityFiles(folders, name)
  if (existsSync(files.cert)) return false
  if (existsSync(files.key)) {
    throw new PosternError(
      'pki.incomplete',
      `${files.cert} is missing although its key is there: put the certificate back, or remove ${files.key} to ` +
        `begin anew (every certificate of the ${name} CA is void then)`,
    )
  }
  const made = await createAuthority(COMMON_NAMES[name], validFor(YEARS * 365, now))
  privateFolder(folders.pkiDir)
  privateFolder(folders.secretsDir)
  replaceFile(files.key, made.key, KEY_MODE)
  replaceFile(files.cert, made.cert, CERTIFICATE_MODE)
  return true
}

/**
 * Encrypts the key of the client CA with the passphrase that the environment names, when it lies here in clear, and says
 * whether it did. The internal CA's stays as it is: `up` renews with it while nobody is there.
 */
export function ensureEncryptedKey(folders: PkiFolders): boolean {
  const { key } = authorityFiles(folders, 'client')
  if (folders.pkiPassphraseFile === undefined || !isKeyInClear(folders)) return false
  const encrypted = encryptKey(readFileSync(key, 'utf8'), readPassphrase(folders.pkiPassphraseFile))
  replaceFile(key, encrypted, KEY_MODE)
  return true
}

/** Whether the key of the client CA is here for whoever reads the file. */
export function isKeyInClear(folders: PkiFolders): boolean {
  const { key } = authorityFiles(folders, 'client')
  return existsSync(key) && !isEncrypted(readFileSync(key, 'utf8'))
}

/**
 * The authority for signing: of several certificates the one that the key belongs to. Throws PosternError
 * `pki.no_authority` when its certificate or key is not here, and `pki.passphrase` when the key is encrypted and the
 * environment names no passphrase, or another.
 */
export function readAuthority(folders: PkiFolders, name: AuthorityName): CertificateAndKey {
  const files = authorityFiles(folders, name)
  for (const file of [files.cert, files.key]) {
    if (existsSync(file)) continue
    throw new PosternError(
      'pki.no_authority',
      `the ${name} CA cannot sign here, ${file} is missing: run ./postern pki init, or bring the file`,
    )
  }
  const key = keyIn(files.key, folders.pkiPassphraseFile)
  const privateKey = createPrivateKey(key)
  const own = readAuthorities(readFileSync(files.cert, 'utf8')).find(one => one.checkPrivateKey(privateKey))
  if (own !== undefined) return { cert: own.toString(), key }
  throw new PosternError('pki.no_authority', `${files.key} is the key of no certificate in ${files.cert}`)
}

function keyIn(file: string, passphraseFile: string | undefined): string {
  const pem = readFileSync(file, 'utf8')
  if (!isEncrypted(pem)) return pem
  if (passphraseFile !== undefined) return decryptKey(pem, readPassphrase(passphraseFile))
  throw new PosternError(
    'pki.passphrase',
    `${file} is encrypted: name the file with its passphrase in POSTERN_PKI_PASSPHRASE_FILE`,
  )
}

/** The files of an authority; the certificate lies with the secrets because Caddy and the app check against it. */
export function authorityFiles(folders: PkiFolders, name: AuthorityName): { cert: string; key: string } {
  return { cert: join(folders.secretsDir, `${name}-ca.pem`), key: join(folders.pkiDir, `${name}-ca.key`) }
}
