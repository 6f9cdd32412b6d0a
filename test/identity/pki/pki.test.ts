import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { createSecureContext } from 'node:tls'
import { writeForBrowser } from '../../../app/identity/pki/browser.ts'
import { ensurePki } from '../../../app/identity/pki/ensure.ts'
import { issueClient } from '../../../app/identity/pki/issue.ts'
import { listIssued } from '../../../app/identity/pki/issued.ts'
import { createTestAuthority } from '../../helpers/certificates.ts'

let root: string
let folders: { secretsDir: string; pkiDir: string }
const now = new Date()
const DAY_MS = 24 * 60 * 60 * 1_000

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'postern-pki-'))
  folders = { secretsDir: join(root, 'secrets'), pkiDir: join(root, 'pki') }
})
afterEach(() => rmSync(root, { recursive: true }))

function certificate(...path: string[]): X509Certificate {
  return new X509Certificate(readFileSync(join(root, ...path)))
}

test('makes both authorities and both ends of the hop, each with its name and use', async () => {
  assert.equal((await ensurePki(folders, now)).length, 4)
  const internal = certificate('secrets', 'internal-ca.pem')
  const app = certificate('secrets', 'app.pem')
  const proxy = certificate('secrets', 'proxy.pem')
  assert.ok(internal.ca)
  assert.ok(app.verify(internal.publicKey) && app.checkIssued(internal))
  assert.ok(proxy.verify(internal.publicKey))
  assert.equal(app.subjectAltName, 'DNS:app, DNS:localhost')
  assert.equal(proxy.subjectAltName, 'URI:spiffe://postern/internal/proxy')
  assert.deepEqual(app.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.deepEqual(proxy.keyUsage, ['1.3.6.1.5.5.7.3.2'])
  assert.ok(!proxy.verify(certificate('secrets', 'client-ca.pem').publicKey))
})

test('keeps private keys for their owner alone, and authority keys out of the folder the app reads', async () => {
  await ensurePki(folders, now)
  await issueClient(folders, { name: 'billing', now })
  const mode = (...path: string[]) => statSync(join(root, ...path)).mode & 0o777
  assert.equal(mode('secrets'), 0o700)
  assert.equal(mode('pki'), 0o700)
  for (const file of [
    'pki/client-ca.key',
    'pki/internal-ca.key',
    'secrets/app.key',
    'pki/clients/billing.key',
  ]) {
    assert.equal(mode(file), 0o400, file)
  }
  const readable = readdirSync(folders.secretsDir).sort()
  assert.deepEqual(readable, [
    'app.key',
    'app.pem',
    'client-ca.pem',
    'internal-ca.pem',
    'proxy.key',
    'proxy.pem',
  ])
})

test('changes nothing the second time', async () => {
  await ensurePki(folders, now)
  const before = certificate('secrets', 'app.pem').serialNumber
  assert.deepEqual(await ensurePki(folders, now), [])
  assert.equal(certificate('secrets', 'app.pem').serialNumber, before)
})

test('renews the ends of the hop before they expire, under the same authority', async () => {
  await ensurePki(folders, now)
  const authority = certificate('secrets', 'internal-ca.pem').fingerprint256
  const later = new Date(now.getTime() + (2 * 365 - 10) * DAY_MS)
  assert.equal((await ensurePki(folders, later)).length, 2)
  assert.equal(certificate('secrets', 'internal-ca.pem').fingerprint256, authority)
  assert.ok(certificate('secrets', 'proxy.pem').validToDate > later)
})

test('gets along without the authority keys once everything is signed', async () => {
  await ensurePki(folders, now)
  rmSync(join(folders.pkiDir, 'internal-ca.key'))
  rmSync(join(folders.pkiDir, 'client-ca.key'))
  assert.deepEqual(await ensurePki(folders, now), [])
  await assert.rejects(issueClient(folders, { name: 'billing', now }), { code: 'pki.no_authority' })
})

test('signs with the authority that its key belongs to while another one stands before it in the file', async () => {
  await ensurePki(folders, now)
  const file = join(folders.secretsDir, 'client-ca.pem')
  const ours = readFileSync(file, 'utf8')
  const { cert } = await createTestAuthority('Other')
  writeFileSync(file, `${cert}\n${ours}`)
  await issueClient(folders, { name: 'billing', now })
  const issued = certificate('pki', 'clients', 'billing.pem')
  assert.ok(issued.checkIssued(new X509Certificate(ours)))
  writeFileSync(file, cert)
  const none = { code: 'pki.no_authority', message: /key of no certificate/ }
  await assert.rejects(issueClient(folders, { name: 'reports', now }), none)
})

test('does not replace an authority whose certificate went missing', async () => {
  await ensurePki(folders, now)
  rmSync(join(folders.secretsDir, 'client-ca.pem'))
  await assert.rejects(ensurePki(folders, now), { code: 'pki.incomplete' })
})

test('issues a client certificate for 90 days that names the client in its SAN', async () => {
  await ensurePki(folders, now)
  const outcome = await issueClient(folders, { name: 'billing', now })
  const issued = certificate('pki', 'clients', 'billing.pem')
  assert.equal(outcome.kind, 'issued')
  assert.equal(issued.subjectAltName, 'URI:spiffe://postern/client/billing')
  assert.deepEqual(issued.keyUsage, ['1.3.6.1.5.5.7.3.2'])
  assert.ok(issued.verify(certificate('secrets', 'client-ca.pem').publicKey))
  assert.equal(Math.round((issued.validToDate.getTime() - now.getTime()) / DAY_MS), 90)
  assert.deepEqual(listIssued(folders.pkiDir), [outcome.certificate])
  assert.match(outcome.certificate.serial, /^[1-7][0-9a-f]{31}$/)
})

test('keeps a valid certificate, and replaces it on renewal or after it expired', async () => {
  await ensurePki(folders, now)
  const first = await issueClient(folders, { name: 'billing', now, days: 1 })
  assert.equal((await issueClient(folders, { name: 'billing', now })).kind, 'already-issued')
  const renewed = await issueClient(folders, { name: 'billing', now, days: 1, renew: true })
  assert.notEqual(renewed.certificate.serial, first.certificate.serial)
  const later = new Date(now.getTime() + 2 * DAY_MS)
  assert.equal((await issueClient(folders, { name: 'billing', now: later })).kind, 'issued')
  assert.equal(listIssued(folders.pkiDir).length, 3)
})

for (const name of ['', '../up', 'a/b', 'Billing', '-a', 'a-', 'a b', 'a\n', 'x'.repeat(64), '.']) {
  test(`refuses ${JSON.stringify(name).slice(0, 20)} as a client's name`, async () => {
    await ensurePki(folders, now)
    await assert.rejects(issueClient(folders, { name, now }), { code: 'pki.name' })
    assert.deepEqual(readdirSync(folders.pkiDir).sort(), ['client-ca.key', 'internal-ca.key'])
  })
}

test('refuses a lifetime that is no whole number of days up to 825', async () => {
  await ensurePki(folders, now)
  for (const days of [0, -1, 1.5, 826, Number.NaN]) {
    await assert.rejects(issueClient(folders, { name: 'billing', now, days }), { code: 'pki.days' })
  }
  assert.equal((await issueClient(folders, { name: 'billing', now, days: 825 })).kind, 'issued')
})

test('signs nothing while the ledger is damaged', async () => {
  await ensurePki(folders, now)
  await issueClient(folders, { name: 'billing', now })
  chmodSync(join(folders.pkiDir, 'issued.json'), 0o600)
  writeFileSync(join(folders.pkiDir, 'issued.json'), '{"half')
  await assert.rejects(issueClient(folders, { name: 'reports', now }), { code: 'pki.ledger' })
  assert.deepEqual(readdirSync(join(folders.pkiDir, 'clients')).sort(), ['billing.key', 'billing.pem'])
})

test('signs with a client CA key that lies there encrypted, for whoever has its passphrase', async () => {
  const pkiPassphraseFile = join(root, 'passphrase')
  const withPassphrase = { ...folders, pkiPassphraseFile }
  writeFileSync(pkiPassphraseFile, 'too short\nand what comes after the first line\n')
  await ensurePki(folders, now)
  const keyFile = join(folders.pkiDir, 'client-ca.key')
  const inClear = createPrivateKey(readFileSync(keyFile))
  await assert.rejects(ensurePki(withPassphrase, now), { code: 'pki.passphrase', message: /12 characters/ })
  writeFileSync(pkiPassphraseFile, 'correct horse battery\n')
  assert.deepEqual(await ensurePki(withPassphrase, now), ['passphrase on the key of the client CA'])
  assert.deepEqual(await ensurePki(withPassphrase, now), [])
  const pem = readFileSync(keyFile, 'utf8')
  assert.match(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
  assert.equal(statSync(keyFile).mode & 0o777, 0o400)
  assert.ok(createPrivateKey({ key: pem, passphrase: 'correct horse battery' }).equals(inClear))
  assert.match(readFileSync(join(folders.pkiDir, 'internal-ca.key'), 'utf8'), /BEGIN PRIVATE KEY/)

  const missing = { code: 'pki.passphrase', message: /POSTERN_PKI_PASSPHRASE_FILE/ }
  await assert.rejects(issueClient(folders, { name: 'billing', now }), missing)
  assert.deepEqual(await ensurePki(folders, now), [], 'whoever signs nothing needs no passphrase')
  assert.equal((await issueClient(withPassphrase, { name: 'billing', now })).kind, 'issued')
  assert.ok(
    certificate('pki', 'clients', 'billing.pem').verify(certificate('secrets', 'client-ca.pem').publicKey),
  )
  writeFileSync(pkiPassphraseFile, 'another passphrase')
  const wrong = { code: 'pki.passphrase', message: /not that of the key/ }
  await assert.rejects(issueClient(withPassphrase, { name: 'reports', now }), wrong)
  assert.equal(listIssued(folders.pkiDir).length, 1)
})

test('makes a file for browsers that opens with its password alone, and holds the certificate and its key', async () => {
  await ensurePki(folders, now)
  await issueClient(folders, { name: 'billing', now })
  const { file, password } = writeForBrowser(folders.pkiDir, 'billing')
  assert.equal(file, join(folders.pkiDir, 'clients', 'billing.p12'))
  assert.equal(statSync(file).mode & 0o777, 0o400)
  const pfx = readFileSync(file)
  const context = createSecureContext({ pfx, passphrase: password }).context as unknown as {
    getCertificate(): Uint8Array
  }
  assert.deepEqual(Buffer.from(context.getCertificate()), certificate('pki', 'clients', 'billing.pem').raw)
  assert.throws(() => createSecureContext({ pfx, passphrase: `${password}x` }), /mac verify failure/)
  pfx[pfx.length - 200] = pfx.readUInt8(pfx.length - 200) ^ 1
  assert.throws(() => createSecureContext({ pfx, passphrase: password }), /mac verify failure|asn1|decode/i)
  const again = writeForBrowser(folders.pkiDir, 'billing')
  assert.notEqual(again.password, password)
})
