import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { sign } from '../../app/deliveries/signature.ts'
import { Secret } from '../../app/lib/secret.ts'

const NEW = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const OLD = `whsec_${Buffer.alloc(24, 2).toString('base64')}`
const BODY = '{"text":"Grüße, 👋"}'

function signed(...secrets: readonly string[]) {
  return signAs('v1', ...secrets)
}

function signAs(scheme: 'v1' | 'v1a', ...secrets: readonly string[]) {
  const signing = { scheme, secrets: secrets.map(text => new Secret(text)) }
  return sign({ id: 'evt_1', sentAt: new Date(), body: BODY }, signing)
}

test('signs what the public verifier accepts, over the bytes of the body', () => {
  const headers = signed(`${NEW}\n`)
  assert.deepEqual(new Webhook(NEW).verify(BODY, headers), { text: 'Grüße, 👋' })
  assert.throws(
    () => new Webhook(NEW).verify(BODY.replace('Grüße', 'Gruesse'), headers),
    /No matching signature/,
  )
  assert.throws(
    () => new Webhook(NEW).verify(BODY, { ...headers, 'webhook-id': 'evt_2' }),
    /No matching signature/,
  )
  assert.throws(() => new Webhook(OLD).verify(BODY, headers), /No matching signature/)
})

test('lets the old and the new secret verify during a rotation', () => {
  const headers = signed(NEW, OLD)
  assert.match(headers['webhook-signature'] ?? '', /^v1,\S+ v1,\S+$/)
  for (const secret of [NEW, OLD]) new Webhook(secret).verify(BODY, headers)
})

for (const wrong of [
  '',
  'whsec_',
  'plain text',
  'whsec_not base64!',
  `whsec_${Buffer.alloc(8).toString('base64')}`,
]) {
  test(`refuses the secret "${wrong}" without repeating it`, () => {
    assert.throws(
      () => signed(wrong),
      (error: Error & { code?: string }) =>
        error.code === 'secret.malformed' && (wrong.length < 8 || !error.message.includes(wrong)),
    )
  })
}

const KEYS = generateKeyPairSync('ed25519')
const SEED = Buffer.from(KEYS.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
const PUBLIC = Buffer.from(KEYS.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')

const FORMS: Readonly<Record<string, string>> = {
  'its 32 bytes': `whsk_${SEED.toString('base64')}`,
  'its 32 bytes and the public half': `whsk_${Buffer.concat([SEED, PUBLIC]).toString('base64')}`,
  PEM: KEYS.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
}

for (const [form, secret] of Object.entries(FORMS)) {
  test(`signs with an ed25519 key given as ${form}, and the public half verifies`, () => {
    const headers = signAs('v1a', `${secret}\n`)
    const [version, signature = ''] = (headers['webhook-signature'] ?? '').split(',')
    const text = (body: string) => Buffer.from(`evt_1.${headers['webhook-timestamp']}.${body}`)
    const check = (body: string) =>
      verify(
        null,
        text(body),
        createPublicKey(KEYS.publicKey.export({ format: 'pem', type: 'spki' })),
        Buffer.from(signature, 'base64'),
      )
    assert.equal(version, 'v1a')
    assert.equal(check(BODY), true)
    assert.equal(check(BODY.replace('Grüße', 'Gruesse')), false)
  })
}

test('signs with both while an endpoint goes from a shared secret to a key', () => {
  const headers = signAs('v1a', FORMS.PEM ?? '', OLD)
  assert.match(headers['webhook-signature'] ?? '', /^v1a,\S+ v1,\S+$/)
  new Webhook(OLD).verify(BODY, headers)
})

test('refuses a secret of the other scheme, and a key that is no ed25519 key', () => {
  const malformed = { code: 'secret.malformed' }
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  assert.throws(() => signAs('v1', FORMS.PEM ?? ''), malformed)
  assert.throws(() => signAs('v1a', NEW), malformed)
  assert.throws(() => signAs('v1a', other.export({ format: 'pem', type: 'pkcs8' }).toString()), malformed)
  assert.throws(() => signAs('v1a', `whsk_${Buffer.alloc(31).toString('base64')}`), malformed)
  assert.throws(
    () => signAs('v1a', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'),
    malformed,
  )
})
