import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { before, mock, test } from 'node:test'
import { judgeCertificate, readAuthorities } from '../../app/identity/certificate.ts'
import { clientCertReader, type ReadClientCert } from '../../app/identity/client-certs.ts'
import { createTestAuthority, daysFromNow, type TestAuthority } from '../helpers/certificates.ts'
import { headerOf } from '../http/running-http.ts'

let ours: TestAuthority
let header: string
before(async () => {
  ours = await createTestAuthority('Ours')
  header = headerOf((await ours.issue()).cert)
})

/** What is said of the certificate in a header, and the number of signatures that were verified for it. */
function judged(read: ReadClientCert, shown: string, at = new Date(), revoked: readonly string[] = []) {
  const verify = mock.method(X509Certificate.prototype, 'verify')
  try {
    const found = read(shown)
    if (found.kind !== 'certificate') return [found.kind, verify.mock.callCount()]
    const verdict = judgeCertificate(found.certificate, { at, revokedSerials: new Set(revoked) })
    return [verdict.kind === 'good' ? 'good' : verdict.reason, verify.mock.callCount()]
  } finally {
    verify.mock.restore()
  }
}

test('verifies a certificate once, and judges its dates and its revocation each time', () => {
  const authorities = readAuthorities(ours.cert)
  const read = clientCertReader(() => authorities)
  assert.deepEqual(judged(read, header), ['good', 1])
  assert.deepEqual(judged(read, header), ['good', 0])
  assert.deepEqual(judged(read, header, daysFromNow(11)), ['certificate_expired', 0])
  assert.deepEqual(judged(read, header, daysFromNow(31)), ['other_authority', 0])
  const serial = new X509Certificate(Buffer.from(header.slice(1, -1), 'base64')).serialNumber.toLowerCase()
  assert.deepEqual(judged(read, header, new Date(), [serial]), ['revoked_certificate', 0])
  assert.deepEqual(judged(read, header), ['good', 0])
})

test('takes a header that differs in one letter for another', () => {
  const authorities = readAuthorities(ours.cert)
  const read = clientCertReader(() => authorities)
  assert.deepEqual(judged(read, header), ['good', 1])
  const at = header.length - 20
  const changed = `${header.slice(0, at)}${header[at] === 'A' ? 'B' : 'A'}${header.slice(at + 1)}`
  assert.deepEqual(judged(read, changed), ['other_authority', 1])
  assert.deepEqual(judged(read, '::'), ['none', 0])
  assert.deepEqual(judged(read, `${header}x`), ['unreadable', 0])
})

test('forgets what it read when the authorities change', async () => {
  const next = await createTestAuthority('Next')
  let authorities = readAuthorities(ours.cert)
  const read = clientCertReader(() => authorities)
  assert.deepEqual(judged(read, header), ['good', 1])
  authorities = readAuthorities(next.cert)
  assert.equal(judged(read, header)[0], 'other_authority')
  authorities = readAuthorities(ours.cert)
  assert.deepEqual(judged(read, header), ['good', 1])
})

test('lets the one go that was shown longest ago, and keeps who comes back', async () => {
  const authorities = readAuthorities(ours.cert)
  const read = clientCertReader(() => authorities, 2)
  const [first, second, third] = await Promise.all(
    [1, 2, 3].map(async () => headerOf((await ours.issue()).cert)),
  )
  for (const shown of [first, second, first, third]) read(shown)
  assert.deepEqual(judged(read, first ?? ''), ['good', 0])
  assert.deepEqual(judged(read, second ?? ''), ['good', 1])
})
