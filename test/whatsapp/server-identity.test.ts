import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import {
  type BinaryNode,
  Curve,
  configureSuccessfulPairing,
  initAuthCreds,
  type KeyPair,
  proto,
  WA_ADV_ACCOUNT_SIG_PREFIX,
  WA_CERT_DETAILS,
} from '@whiskeysockets/baileys'
import { checkCertificates } from '../../app/whatsapp/socket/certificate.ts'
import { BAD_CERTIFICATES } from '../simulator/noise/certificate.ts'
import { OPERATOR, OURS, type Rig, startRig, until } from './rig.ts'

describe("the server's Noise certificate", () => {
  let rig: Rig
  before(async () => {
    rig = await startRig()
    await rig.link()
  })
  after(() => rig.stop())

  for (const bad of BAD_CERTIFICATES) {
    test(`with one fault, ${bad}, is refused, and without it accepted`, async () => {
      await rig.phones.post('/certificate', { bad })
      await rig.sessions.restart('main', OPERATOR)
      const refused = await until('the refusal', () =>
        rig.account().reason?.includes('certificate') ? rig.account() : undefined,
      )
      assert.equal(refused.state, 'connecting')
      await rig.phones.post('/certificate')
      await rig.opened()
    })
  }

  test('under another root is refused before anything about the account is said', async () => {
    await rig.restart({ noiseRoot: Curve.generateKeyPair().public })
    await until('the refusal', () => rig.account().reason?.includes('certificate') || undefined)
    assert.equal(Number((await rig.phones.get('/stats')).connections), 0)
    await rig.restart()
    assert.equal((await rig.opened()).phone, OURS)
  })
})

test('a signature is genuine, or it is not', () => {
  const root = WA_CERT_DETAILS.PUBLIC_KEY
  checkCertificates(() => new Date())
  assert.equal(WA_CERT_DETAILS.PUBLIC_KEY, root, "without a sandbox WhatsApp's own root stays")
  const { public: key, private: secret } = Curve.generateKeyPair()
  const message = Buffer.from('a message')
  const signature = Buffer.from(Curve.sign(secret, message))
  assert.equal(Curve.verify(key, message, signature), true)
  assert.equal(Curve.verify(key, Buffer.from('another'), signature), false)
  assert.equal(Curve.verify(Curve.generateKeyPair().public, message, signature), false)
  assert.equal(Curve.verify(key, message, Buffer.alloc(64)), false)
  assert.equal(Curve.verify(key, message, signature.subarray(1)), false)
})

/** What the server says when a phone has signed for a device; `signer` is whoever signs in the phone's name. */
function pairSuccess(creds: ReturnType<typeof initAuthCreds>, phone: KeyPair, signer: KeyPair): BinaryNode {
  const details = proto.ADVDeviceIdentity.encode({ rawId: 1, timestamp: 1, keyIndex: 1 }).finish()
  const signed = Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, creds.signedIdentityKey.public])
  const identity = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: phone.public,
    accountSignature: Curve.sign(signer.private, signed),
  }).finish()
  const hmac = createHmac('sha256', Buffer.from(creds.advSecretKey, 'base64')).update(identity).digest()
  const content = proto.ADVSignedDeviceIdentityHMAC.encode({ details: identity, hmac }).finish()
  const device = { jid: '12025550100:1@s.whatsapp.net', lid: '1:1@lid' }
  const success: BinaryNode = {
    tag: 'pair-success',
    attrs: {},
    content: [
      { tag: 'device-identity', attrs: {}, content },
      { tag: 'device', attrs: device },
    ],
  }
  return { tag: 'iq', attrs: { id: '1' }, content: [success] }
}

test('a device is linked only to the phone that has really signed for it', () => {
  checkCertificates(() => new Date())
  const creds = initAuthCreds()
  const phone = Curve.generateKeyPair()
  const stranger = Curve.generateKeyPair()
  assert.throws(
    () => configureSuccessfulPairing(pairSuccess(creds, phone, stranger), creds),
    /verify account signature/,
  )
  const { creds: linked } = configureSuccessfulPairing(pairSuccess(creds, phone, phone), creds)
  assert.equal(linked.me?.id, '12025550100:1@s.whatsapp.net')
})
