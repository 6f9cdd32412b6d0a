import 'reflect-metadata' // the X.509 library asks for it before its own import
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import { daysFromNow } from './certificates.ts'

/** An authority that we did not make, and what it signs. `cert` is that of its intermediate, which signs. */
export type Elsewhere = {
  readonly cert: string
  issue(uris: readonly string[]): Promise<CertificateAndKey>
}

const EC = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }
const RSA = {
  ...{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ...{ modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
}

const { ExtendedKeyUsage, KeyUsageFlags } = x509
const VALIDITY = { notBefore: daysFromNow(-1), notAfter: daysFromNow(1) }

/**
 * Signs as step-ca and Vault do: with an intermediate, which alone is told to the appliance, other kinds of key, both
 * usages, and a DNS name beside the URI.
 */
export async function authorityElsewhere(kind: 'EC' | 'RSA'): Promise<Elsewhere> {
  const algorithm = kind === 'EC' ? EC : RSA
  const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const root = { keys: await newKeys(), name: `CN=${kind} root` }
  const intermediate = { keys: await newKeys(), name: `CN=${kind} intermediate` }
  const signed = (by: typeof root, subject: typeof root, extensions: x509.Extension[]) =>
    x509.X509CertificateGenerator.create({
      ...{ ...VALIDITY, subject: subject.name, issuer: by.name, extensions },
      ...{ publicKey: subject.keys.publicKey, signingKey: by.keys.privateKey, signingAlgorithm: algorithm },
    })
  const cert = await signed(root, intermediate, [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(intermediate.keys.publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(root.keys.publicKey),
  ])
  return {
    cert: cert.toString('pem'),
    async issue(uris) {
      const leaf = { keys: await newKeys(), name: 'CN=billing.internal' }
      const names = uris.map(value => ({ type: 'url' as const, value }))
      const made = await signed(intermediate, leaf, [
        new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'billing.internal' }, ...names]),
        await x509.AuthorityKeyIdentifierExtension.create(intermediate.keys.publicKey),
      ])
      const key = await webcrypto.subtle.exportKey('pkcs8', leaf.keys.privateKey)
      return { cert: made.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
    },
  }
}
