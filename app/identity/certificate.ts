import { X509Certificate } from 'node:crypto'

/** A client certificate that stands every check, reduced to what the rest needs. */
export type ClientIdentity = {
  readonly sanUri: string
  /** Lower-case hex without leading zeros, as in the policy's list of revoked serials. */
  readonly serial: string
  readonly expiresAt: Date
}

/** `reason` is a stable word for the audit chain, `detail` one sentence for the caller. */
export type CertificateVerdict =
  | { readonly kind: 'good'; readonly identity: ClientIdentity }
  | {
      readonly kind: 'bad'
      readonly reason: CertificateFault
      readonly detail: string
      readonly serial: string
    }

export type CertificateFault =
  | 'other_authority'
  | 'not_yet_valid'
  | 'certificate_expired'
  | 'not_for_clients'
  | 'is_authority'
  | 'no_single_uri'
  | 'revoked_certificate'

export type CertificateDeps = {
  readonly authorities: readonly X509Certificate[]
  readonly revokedSerials: ReadonlySet<string>
  readonly at: Date
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** The certificates of a CA file; several stand in it while one authority replaces another. */
export function readAuthorities(pem: string): readonly X509Certificate[] {
  return (pem.match(PEM) ?? []).map(one => new X509Certificate(one))
}

/** Judges a certificate anew, whatever the TLS in front of us thought of it. Signed directly by an authority, no chains. */
export function judgeCertificate(certificate: X509Certificate, deps: CertificateDeps): CertificateVerdict {
  const serial = normalSerial(certificate.serialNumber)
  const bad = (reason: CertificateFault, detail: string): CertificateVerdict => ({
    kind: 'bad',
    reason,
    detail,
    serial,
  })
  if (!deps.authorities.some(authority => issued(authority, certificate, deps.at))) {
    return bad('other_authority', 'The certificate was not issued by the client authority of this appliance.')
  }
  if (deps.at < certificate.validFromDate) return bad('not_yet_valid', 'The certificate is not valid yet.')
  if (deps.at > certificate.validToDate) return bad('certificate_expired', 'The certificate has expired.')
  if (certificate.ca)
    return bad('is_authority', 'A certificate of an authority cannot be used to ask for anything.')
  if (!(certificate.keyUsage ?? []).includes(CLIENT_AUTH)) {
    return bad('not_for_clients', 'The certificate lacks the extended key usage clientAuth.')
  }
  const uris = uriNames(certificate)
  const sanUri = uris[0]
  if (sanUri === undefined || uris.length > 1) {
    return bad('no_single_uri', 'The certificate must carry exactly one URI as its subject alternative name.')
  }
  if (deps.revokedSerials.has(serial)) return bad('revoked_certificate', 'The certificate is revoked.')
  return { kind: 'good', identity: { sanUri, serial, expiresAt: certificate.validToDate } }
}

/** The URIs among the subject alternative names; none when a name is so odd that Node has to quote it. */
export function uriNames(certificate: X509Certificate): readonly string[] {
  const names = certificate.subjectAltName ?? ''
  if (names.includes('"')) return []
  return names
    .split(', ')
    .filter(name => name.startsWith('URI:'))
    .map(name => name.slice('URI:'.length))
}

/** Lower-case hex without separators or leading zeros. */
export function normalSerial(serial: string): string {
  return serial
    .toLowerCase()
    .replaceAll(':', '')
    .replace(/^0+(?=.)/, '')
}

function issued(authority: X509Certificate, certificate: X509Certificate, at: Date): boolean {
  const inForce = authority.ca && at >= authority.validFromDate && at <= authority.validToDate
  return inForce && certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}
