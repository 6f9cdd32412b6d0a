import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'

/** A server certificate with its key and the CA that vouches for it, all PEM. */
export type ServerCertificate = { readonly ca: string; readonly cert: string; readonly key: string }

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 24 * 60 * 60 * 1_000
const LIFE_MS = 365 * DAY_MS
const RENEW_BEFORE_MS = 30 * DAY_MS

/** The certificate kept in `dir`, made on the first call; the same CA on every later one, so that who trusts it once goes on. */
export async function receiverCertificate(dir: string, names: readonly string[]): Promise<ServerCertificate> {
  const file = join(dir, 'receiver-certificate.json')
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ServerCertificate) : undefined
  const certificate = kept !== undefined && covers(kept, names) ? kept : await createServerCertificate(names)
  writeWhole(file, JSON.stringify(certificate), 0o600)
  writeWhole(join(dir, 'receiver-ca.pem'), certificate.ca, 0o644)
  return certificate
}

/** A fresh CA and one server certificate of it for the names and addresses given. */
export async function createServerCertificate(
  names: readonly string[],
  subject = 'Postern sandbox receiver',
): Promise<ServerCertificate> {
  x509.cryptoProvider.set(webcrypto as Crypto)
  const caKeys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + LIFE_MS) }
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: randomBytes(16).toString('hex'),
    name: `CN=${subject} CA`,
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  })
  const cert = await x509.X509CertificateGenerator.create({
    ...validity,
    serialNumber: randomBytes(16).toString('hex'),
    subject: `CN=${subject}`,
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1']), // server authentication
      new x509.SubjectAlternativeNameExtension(names.map(subjectName)),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  })
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    ca: `${ca.toString('pem')}\n`,
    cert: `${cert.toString('pem')}\n`,
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  }
}

function subjectName(name: string): x509.JsonGeneralName {
  return { type: isIP(name) === 0 ? 'dns' : 'ip', value: name }
}

function covers(certificate: ServerCertificate, names: readonly string[]): boolean {
  const parsed = new x509.X509Certificate(certificate.cert)
  const held = parsed.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? []
  const fresh = parsed.notAfter.getTime() - Date.now() > RENEW_BEFORE_MS
  return fresh && names.every(name => held.some(entry => entry.value === name))
}

function writeWhole(file: string, text: string, mode: number): void {
  writeFileSync(`${file}.new`, text, { mode })
  renameSync(`${file}.new`, file)
}
