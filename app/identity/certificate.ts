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
  | (Fault & { readonly kind: 'bad'; readonly serial: string })

export type CertificateFault =
  | 'other_authority'
  | 'not_yet_valid'
  | 'certificate_expired'
  | 'not_for_clients'
  | 'is_authority'
  | 'no_single_uri'
  | 'revoked_certificate'

type Fault = { readonly reason: CertificateFault; readonly detail: string }

type Validity = { readonly from: Date; readonly to: Date }

/** What a certificate is, whenever it is asked: all that costs time to find out, and that neither a date nor a policy changes. */
export type ExaminedCertificate = {
  readonly serial: string
  readonly validity: Validity
  /** When those of the authorities that signed it are in force. */
  readonly signers: readonly Validity[]
  /** Its only URI, or why it can never be a client's. */
  readonly named: { readonly sanUri: string } | Fault
}

export type CertificateDeps = { readonly revokedSerials: ReadonlySet<string>; readonly at: Date }

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** The certificates of a CA file; several stand in it while one authority replaces another. */
export function readAuthorities(pem: string): readonly X509Certificate[] {
  return (pem.match(PEM) ?? []).map(one => new X509Certificate(one))
}

/** Reads a certificate and verifies its signature. Signed directly by an authority, no chains. */
export function examineCertificate(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
): ExaminedCertificate {
  return {
    serial: normalSerial(certificate.serialNumber),
    validity: validityOf(certificate),
    signers: authorities.filter(authority => signed(authority, certificate)).map(validityOf),
    named: nameIn(certificate),
  }
}

/** Judges a certificate anew, whatever the TLS in front of us thought of it. Cheap: asked at each request. */
export function judgeCertificate(
  { serial, validity, signers, named }: ExaminedCertificate,
  { at, revokedSerials }: CertificateDeps,
): CertificateVerdict {
  const bad = (fault: Fault): CertificateVerdict => ({ kind: 'bad', ...fault, serial })
  if (!signers.some(signer => at >= signer.from && at <= signer.to)) return bad(OTHER_AUTHORITY)
  if (at < validity.from) return bad(NOT_YET_VALID)
  if (at > validity.to) return bad(EXPIRED)
  if ('reason' in named) return bad(named)
  if (revokedSerials.has(serial)) return bad(REVOKED)
  return { kind: 'good', identity: { sanUri: named.sanUri, serial, expiresAt: validity.to } }
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

function signed(authority: X509Certificate, certificate: X509Certificate): boolean {
  return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}

function validityOf({ validFromDate, validToDate }: X509Certificate): Validity {
  return { from: validFromDate, to: validToDate }
}

function nameIn(certificate: X509Certificate): ExaminedCertificate['named'] {
  if (certificate.ca) return IS_AUTHORITY
  if (!(certificate.keyUsage ?? []).includes(CLIENT_AUTH)) return NOT_FOR_CLIENTS
  const [sanUri, ...more] = uriNames(certificate)
  return sanUri === undefined || more.length > 0 ? NO_SINGLE_URI : { sanUri }
}

const fault = (reason: CertificateFault, detail: string): Fault => ({ reason, detail })
const OTHER_AUTHORITY = fault(
  'other_authority',
  'The certificate was not issued by the client authority of this appliance.',
)
const NOT_YET_VALID = fault('not_yet_valid', 'The certificate is not valid yet.')
const EXPIRED = fault('certificate_expired', 'The certificate has expired.')
const IS_AUTHORITY = fault(
  'is_authority',
  'A certificate of an authority cannot be used to ask for anything.',
)
const NOT_FOR_CLIENTS = fault('not_for_clients', 'The certificate lacks the extended key usage clientAuth.')
const NO_SINGLE_URI = fault(
  'no_single_uri',
  'The certificate must carry exactly one URI as its subject alternative name.',
)
const REVOKED = fault('revoked_certificate', 'The certificate is revoked.')
