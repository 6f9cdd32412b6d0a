import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Curve, WA_CERT_DETAILS } from '@whiskeysockets/baileys'
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
