import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { before, test } from 'node:test'
import {
  examineCertificate,
  judgeCertificate,
  normalSerial,
  readAuthorities,
  uriNames,
} from '../../app/identity/certificate.ts'
import { signCertificate } from '../../app/identity/pki/certificate.ts'
import { createTestAuthority, daysFromNow, type TestAuthority } from '../helpers/certificates.ts'

const uri = 'spiffe://postern/client/test'
let ours: TestAuthority
before(async () => (ours = await createTestAuthority('Ours')))

function judge(cert: string, authorities: string, at = new Date(), revoked: readonly string[] = []) {
  const examined = examineCertificate(new X509Certificate(cert), readAuthorities(authorities))
  const verdict = judgeCertificate(examined, { revokedSerials: new Set(revoked), at })
  return verdict.kind === 'good' ? verdict.identity.sanUri : verdict.reason
}

test('accepts what any authority of the file signed, while one replaces another', async () => {
  const next = await createTestAuthority('Ours, next')
  const { cert } = await ours.issue()
  const { cert: later } = await next.issue()
  const both = `${ours.cert}\n${next.cert}`
  assert.equal(readAuthorities(both).length, 2)
  assert.deepEqual([judge(cert, both), judge(later, both)], [uri, uri])
  assert.equal(judge(cert, next.cert), 'other_authority')
})

test('refuses what an expired authority signed, although the certificate itself still runs', async () => {
  const { cert } = await ours.issue({ notAfter: daysFromNow(60) })
  assert.equal(judge(cert, ours.cert, daysFromNow(29)), uri)
  assert.equal(judge(cert, ours.cert, daysFromNow(31)), 'other_authority')
})

test('judges by the given moment: valid from its first second to its last', async () => {
  const { cert } = await ours.issue()
  const { validFromDate, validToDate } = new X509Certificate(cert)
  assert.equal(judge(cert, ours.cert, validFromDate), uri)
  assert.equal(judge(cert, ours.cert, new Date(validFromDate.getTime() - 1)), 'not_yet_valid')
  assert.equal(judge(cert, ours.cert, validToDate), uri)
  assert.equal(judge(cert, ours.cert, new Date(validToDate.getTime() + 1)), 'certificate_expired')
})

test('refuses a revoked serial however the policy wrote it', async () => {
  const { cert } = await ours.issue()
  const { serialNumber } = new X509Certificate(cert)
  const colons = serialNumber.match(/../g)?.join(':') ?? ''
  assert.equal(judge(cert, ours.cert, new Date(), [normalSerial(colons)]), 'revoked_certificate')
  assert.equal(judge(cert, ours.cert, new Date(), [normalSerial(`0${serialNumber}`)]), 'revoked_certificate')
  assert.equal(judge(cert, ours.cert, new Date(), [normalSerial(`1${serialNumber}`)]), uri)
})

test('does not take a part of another name for a URI', async () => {
  const dnsNames = [`x, URI:${uri}`]
  const { cert } = await ours.issue({ uris: [], dnsNames })
  assert.deepEqual(uriNames(new X509Certificate(cert)), [])
  assert.equal(judge(cert, ours.cert), 'no_single_uri')
  const { cert: both } = await ours.issue({ dnsNames: ['harmless.example'] })
  assert.equal(judge(both, ours.cert), uri)
})

test('does not follow a chain: a certificate below a client’s is nobody', async () => {
  const client = await ours.issue()
  const validity = { notBefore: daysFromNow(-1), notAfter: daysFromNow(9) }
  const below = await signCertificate(client, {
    commonName: 'below',
    usages: ['clientAuth'],
    uris: [uri],
    ...validity,
  })
  assert.equal(judge(below.cert, ours.cert), 'other_authority')
  assert.equal(judge(below.cert, client.cert), 'other_authority')
})
