import 'reflect-metadata' // the X.509 library asks for it before its own import
import { randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const

export type Usage = 'clientAuth' | 'serverAuth'

/** A certificate and its private key (PKCS #8), both PEM. */
export type CertificateAndKey = { readonly cert: string; readonly key: string }

export type Validity = { readonly notBefore: Date; readonly notAfter: Date }

export type CertificateRequest = Validity & {
  readonly commonName: string
  /** Extended key usages; empty leaves the extension out. */
  readonly usages: readonly Usage[]
  readonly dnsNames?: readonly string[]
  readonly uris?: readonly string[]
}

/** A new self-signed authority that may sign leaf certificates, and nothing below them (path length 0). */
export async function createAuthority(commonName: string, validity: Validity): Promise<CertificateAndKey> {
  const keys = await newKeys()
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: nameOf(commonName),
    serialNumber: newSerial(),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: pemOf(cert), key: await keyToPem(keys.privateKey) }
}

/** A new key and a certificate for it, signed by `authority`. */
export async function signCertificate(
  authority: CertificateAndKey,
  request: CertificateRequest,
): Promise<CertificateAndKey> {
  const keys = await newKeys()
  const issuer = new x509.X509Certificate(authority.cert)
  const cert = await x509.X509CertificateGenerator.create({
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    subject: nameOf(request.commonName),
    issuer: issuer.subject,
    serialNumber: newSerial(),
    publicKey: keys.publicKey,
    signingKey: await keyFromPem(authority.key),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ...usageExtension(request.usages),
      ...alternativeNames(request),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return { cert: pemOf(cert), key: await keyToPem(keys.privateKey) }
}

function usageExtension(usages: readonly Usage[]): x509.Extension[] {
  if (usages.length === 0) return []
  return [new x509.ExtendedKeyUsageExtension(usages.map(usage => x509.ExtendedKeyUsage[usage]))]
}

function alternativeNames(request: CertificateRequest): x509.Extension[] {
  const names = [
    ...(request.dnsNames ?? []).map(value => ({ type: 'dns' as const, value })),
    ...(request.uris ?? []).map(value => ({ type: 'url' as const, value })),
  ]
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]
}

/** 127 random bits; the first byte keeps the number positive and free of leading zeros in hex. */
function newSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = 0x10 | (bytes.readUInt8(0) & 0x6f)
  return bytes.toString('hex')
}

function nameOf(commonName: string): x509.JsonName {
  return [{ O: ['Postern'] }, { CN: [commonName] }]
}

function pemOf(cert: x509.X509Certificate): string {
  return `${cert.toString('pem')}\n`
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
}

async function keyToPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key)
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`
}

async function keyFromPem(pem: string): Promise<webcrypto.CryptoKey> {
  return await webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), KEY, false, ['sign'])
}
