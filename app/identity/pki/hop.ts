import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '../../lib/replace-file.ts'
import { readAuthorities } from '../certificate.ts'
import {
  authorityFiles,
  CERTIFICATE_MODE,
  KEY_MODE,
  type PkiFolders,
  readAuthority,
  validFor,
} from './authority.ts'
import { type CertificateRequest, signCertificate } from './certificate.ts'
import { PROXY_URI } from './names.ts'

/** The two ends of the hop between Caddy and the app. */
export type HopEnd = 'app' | 'proxy'

const DAYS = 2 * 365
const RENEW_WITHIN_MS = 60 * 24 * 60 * 60 * 1_000

const REQUESTS: Record<HopEnd, Omit<CertificateRequest, 'notBefore' | 'notAfter'>> = {
  app: { commonName: 'Postern app', usages: ['serverAuth'], dnsNames: ['app', 'localhost'] },
  proxy: { commonName: 'Postern proxy', usages: ['clientAuth'], uris: [PROXY_URI] },
}

/**
 * Makes `app.pem`/`app.key` or `proxy.pem`/`proxy.key` in the secrets folder when they are missing, of another CA or
 * about to expire, and says whether it did. Throws PosternError `pki.no_authority` when that needs a key that is
 * kept elsewhere.
 */
export async function ensureHopEnd(folders: PkiFolders, end: HopEnd, now: Date): Promise<boolean> {
  const files = { cert: join(folders.secretsDir, `${end}.pem`), key: join(folders.secretsDir, `${end}.key`) }
  const authority = authorityFiles(folders, 'internal')
  const mayWaitUntil = existsSync(authority.key) ? now.getTime() + RENEW_WITHIN_MS : now.getTime()
  if (isUsable(files, authority.cert, new Date(mayWaitUntil))) return false
  const made = await signCertificate(readAuthority(folders, 'internal'), {
    ...REQUESTS[end],
    ...validFor(DAYS, now),
  })
  replaceFile(files.key, made.key, KEY_MODE)
  replaceFile(files.cert, made.cert, CERTIFICATE_MODE)
  return true
}

function isUsable(files: { cert: string; key: string }, authorityFile: string, until: Date): boolean {
  try {
    const cert = new X509Certificate(readFileSync(files.cert))
    const authorities = readAuthorities(readFileSync(authorityFile, 'utf8'))
    const key = createPrivateKey(readFileSync(files.key))
    const signed = authorities.some(({ publicKey }) => cert.verify(publicKey))
    return signed && cert.checkPrivateKey(key) && cert.validToDate > until
  } catch {
    return false // missing or unreadable: made anew
  }
}
