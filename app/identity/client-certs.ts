import { hash, type X509Certificate } from 'node:crypto'
import { type ExaminedCertificate, examineCertificate } from './certificate.ts'
import { parseClientCert } from './client-cert.ts'

/** What a `Client-Cert` header says, its certificate read and its signature verified. */
export type ReadClientCert = (header: string | undefined) => ExaminedClientCert

export type ExaminedClientCert =
  | { readonly kind: 'none' }
  | { readonly kind: 'certificate'; readonly certificate: ExaminedCertificate }
  | { readonly kind: 'unreadable' }

/** Some 500 bytes each. Whoever comes back after that many others is read anew. */
const REMEMBERED = 1_000

/**
 * Makes a reader that remembers what it has read: the same callers show the same certificate with each request, and to read
 * and verify one takes a hundred times as long as to look it up. Everything is forgotten when the authorities change.
 */
export function clientCertReader(
  authorities: () => readonly X509Certificate[],
  remembers = REMEMBERED,
): ReadClientCert {
  const known = new Map<string, ExaminedClientCert>()
  let under = authorities()

  return header => {
    const now = authorities()
    if (now !== under) known.clear()
    under = now
    const digest = hash('sha256', header ?? '', 'base64')
    const read = known.get(digest) ?? examined(header, under)
    if (read.kind === 'certificate') remember(digest, read)
    return read
  }

  /** The one that was shown longest ago goes first. */
  function remember(digest: string, read: ExaminedClientCert): void {
    known.delete(digest)
    known.set(digest, read)
    const [oldest] = known.keys()
    if (known.size > remembers && oldest !== undefined) known.delete(oldest)
  }
}

function examined(header: string | undefined, authorities: readonly X509Certificate[]): ExaminedClientCert {
  const read = parseClientCert(header)
  if (read.kind !== 'certificate') return read
  return { kind: 'certificate', certificate: examineCertificate(read.certificate, authorities) }
}
