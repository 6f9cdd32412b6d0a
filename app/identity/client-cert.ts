import { X509Certificate } from 'node:crypto'

/** What a `Client-Cert` header says: nothing, one certificate, or something that is not one. */
export type ClientCert =
  | { readonly kind: 'none' }
  | { readonly kind: 'certificate'; readonly certificate: X509Certificate }
  | { readonly kind: 'unreadable' }

const BYTE_SEQUENCE = /^:([A-Za-z0-9+/]*={0,2}):$/
const MAX_LENGTH = 32 * 1024

/**
 * Reads an RFC 9440 header: `:<base64 DER>:`. Caddy writes `::` for a connection without a certificate, and that is
 * none. Only exact DER counts: PEM, trailing bytes and other encodings of the same certificate are unreadable.
 */
export function parseClientCert(header: string | undefined): ClientCert {
  if (header === undefined || header === '::') return { kind: 'none' }
  const base64 = header.length > MAX_LENGTH ? undefined : BYTE_SEQUENCE.exec(header)?.[1]
  if (base64 === undefined) return { kind: 'unreadable' }
  const der = Buffer.from(base64, 'base64')
  try {
    const certificate = new X509Certificate(der)
    return certificate.raw.equals(der) ? { kind: 'certificate', certificate } : { kind: 'unreadable' }
  } catch {
    return { kind: 'unreadable' }
  }
}
