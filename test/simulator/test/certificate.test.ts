import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Curve, proto, WA_CERT_DETAILS } from '@whiskeysockets/baileys'
import { BAD_CERTIFICATES, certificateChain, newServerIdentity } from '../noise/certificate.ts'
import { signatureValid } from '../noise/signature.ts'
import { closed, newAccount, qrOf } from './plain-client.ts'
import { Rig } from './rig.ts'

const identity = newServerIdentity()
const now = new Date('2026-01-15T12:00:00Z')

/** Everything that a careful client checks, each by itself. */
function checks(chain: Uint8Array): Readonly<Record<string, boolean>> {
  const { intermediate, leaf } = proto.CertChain.decode(chain)
  const upper = proto.CertChain.NoiseCertificate.Details.decode(intermediate?.details ?? Buffer.alloc(0))
  const lower = proto.CertChain.NoiseCertificate.Details.decode(leaf?.details ?? Buffer.alloc(0))
  const signed = (by: Uint8Array, certificate: proto.CertChain.INoiseCertificate | null | undefined) =>
    signatureValid(by, certificate?.details ?? Buffer.alloc(0), certificate?.signature ?? Buffer.alloc(0))
  const seconds = now.getTime() / 1000
  const inTime = [upper, lower].every(
    ({ notBefore, notAfter }) => Number(notBefore) <= seconds && seconds <= Number(notAfter),
  )
  return {
    rootSignature: signed(identity.root.public, intermediate),
    leafSignature: signed(Buffer.from(upper.key ?? []), leaf),
    rootSerial: upper.issuerSerial === 0,
    leafIssuer: lower.issuerSerial === upper.serial,
    leafKey: Buffer.from(lower.key ?? []).equals(Buffer.from(identity.staticKey.public)),
    dates: inTime,
  }
}

test('presents a chain in which everything holds', () => {
  const failed = Object.entries(checks(certificateChain(identity, now))).filter(([, holds]) => !holds)
  assert.deepEqual(failed, [])
})

const WANTED = {
  'wrong-root': 'rootSignature',
  'flipped-signature': 'rootSignature',
  'zero-signature': 'rootSignature',
  'wrong-leaf-key': 'leafKey',
  'wrong-issuer': 'leafIssuer',
  expired: 'dates',
} as const

for (const bad of BAD_CERTIFICATES) {
  test(`presents a chain that is wrong in nothing but its ${WANTED[bad]} when asked for ${bad}`, () => {
    const failed = Object.entries(checks(certificateChain(identity, now, bad))).filter(([, holds]) => !holds)
    assert.deepEqual(
      failed.map(([name]) => name),
      [WANTED[bad]],
    )
  })
}

test('verifies signatures truly: the right one holds, any change breaks it', () => {
  const pair = Curve.generateKeyPair()
  const message = Buffer.from('signed')
  for (let n = 0; n < 20; n++) {
    const signature = Curve.sign(pair.private, Buffer.concat([message, Buffer.from([n])]))
    assert.equal(signatureValid(pair.public, Buffer.concat([message, Buffer.from([n])]), signature), true)
    assert.equal(
      signatureValid(pair.public, Buffer.concat([message, Buffer.from([n + 1])]), signature),
      false,
    )
    assert.equal(
      signatureValid(Curve.generateKeyPair().public, Buffer.concat([message, Buffer.from([n])]), signature),
      false,
    )
  }
  assert.equal(signatureValid(pair.public, message, Buffer.alloc(64)), false)
})

test('a client that verifies signatures trusts the simulator by its root key and refuses a flipped one', async t => {
  const rig = await Rig.start(t)
  const { verify } = Curve
  const { PUBLIC_KEY } = WA_CERT_DETAILS
  t.after(() => {
    Curve.verify = verify
    WA_CERT_DETAILS.PUBLIC_KEY = PUBLIC_KEY
  })
  Curve.verify = signatureValid
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rig.simulator.noiseRoot)
  assert.match(await qrOf(rig.connect(newAccount())), /^https:\/\/wa\.me\//)
  for (const bad of ['wrong-root', 'flipped-signature', 'zero-signature']) {
    await rig.ask('POST', '/certificate', { bad })
    assert.equal(await closed(rig.connect(newAccount())), 400)
  }
  await rig.ask('POST', '/certificate', {})
  assert.match(await qrOf(rig.connect(newAccount())), /^https:\/\/wa\.me\//)
})
