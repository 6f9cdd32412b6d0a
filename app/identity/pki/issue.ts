import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PosternError } from '../../lib/error.ts'
import { privateFolder, replaceFile } from '../../lib/replace-file.ts'
import { CERTIFICATE_MODE, KEY_MODE, type PkiFolders, readAuthority, validFor } from './authority.ts'
import { signCertificate } from './certificate.ts'
import { type IssuedCertificate, listIssued, recordIssued } from './issued.ts'
import { clientUri, parseClientName } from './names.ts'

export type ClientFiles = { readonly cert: string; readonly key: string }

export type IssueRequest = {
  readonly name: string
  readonly days?: number
  readonly now: Date
  /** Issue even though a certificate of that name is still valid. */
  readonly renew?: boolean
}

export type IssueOutcome = {
  readonly kind: 'issued' | 'already-issued'
  readonly files: ClientFiles
  readonly certificate: IssuedCertificate
}

export const DEFAULT_CLIENT_DAYS = 90
export const MAX_CLIENT_DAYS = 825

/**
 * Signs a client certificate into `pki/clients/`. A name whose certificate is still valid keeps it unless `renew` is
 * set. Throws PosternError `pki.name`, `pki.days` or `pki.no_authority`.
 */
export async function issueClient(folders: PkiFolders, request: IssueRequest): Promise<IssueOutcome> {
  const { now, days = DEFAULT_CLIENT_DAYS } = request
  const name = parseClientName(request.name)
  if (!Number.isInteger(days) || days < 1 || days > MAX_CLIENT_DAYS) {
    throw new PosternError(
      'pki.days',
      `days: expected a whole number from 1 to ${MAX_CLIENT_DAYS}, got ${days}`,
    )
  }
  const files = clientFiles(folders.pkiDir, name)
  const present = readPresent(files, name)
  if (present !== undefined && !request.renew && new Date(present.not_after) > now) {
    return { kind: 'already-issued', files, certificate: present }
  }
  const authority = readAuthority(folders, 'client')
  listIssued(folders.pkiDir) // a damaged ledger must be noticed before anything is signed
  const made = await signCertificate(authority, {
    commonName: name,
    usages: ['clientAuth'],
    uris: [clientUri(name)],
    ...notBeyond(authority.cert, validFor(days, now)),
  })
  const certificate = describe(name, made.cert)
  privateFolder(join(folders.pkiDir, 'clients'))
  recordIssued(folders.pkiDir, certificate)
  replaceFile(files.key, made.key, KEY_MODE)
  replaceFile(files.cert, made.cert, CERTIFICATE_MODE)
  return { kind: 'issued', files, certificate }
}

/** Where a client's certificate and key lie, issued or not. */
export function clientFiles(pkiDir: string, name: string): ClientFiles {
  return { cert: join(pkiDir, 'clients', `${name}.pem`), key: join(pkiDir, 'clients', `${name}.key`) }
}

function readPresent(files: ClientFiles, name: string): IssuedCertificate | undefined {
  if (!existsSync(files.cert) || !existsSync(files.key)) return undefined
  return describe(name, readFileSync(files.cert, 'utf8'))
}

function describe(name: string, pem: string): IssuedCertificate {
  const certificate = new X509Certificate(pem)
  return {
    name,
    serial: certificate.serialNumber.toLowerCase().replace(/^0+/, ''),
    not_after: certificate.validToDate.toISOString(),
    san: clientUri(name),
  }
}

/** A certificate never outlives the authority that vouches for it. */
function notBeyond(authority: string, validity: { notBefore: Date; notAfter: Date }) {
  const end = new X509Certificate(authority).validToDate
  return validity.notAfter > end ? { ...validity, notAfter: end } : validity
}
