import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { sign } from '../../app/deliveries/signature.ts'
import { Secret } from '../../app/lib/secret.ts'

const NEW = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const OLD = `whsec_${Buffer.alloc(24, 2).toString('base64')}`
const BODY = '{"text":"Grüße, 👋"}'

test('signs what the public verifier accepts, over the bytes of the body', () => {
  const headers = sign({ id: 'evt_1', sentAt: new Date(), body: BODY }, [new Secret(`${NEW}\n`)])
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
  const headers = sign({ id: 'evt_1', sentAt: new Date(), body: BODY }, [new Secret(NEW), new Secret(OLD)])
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
      () => sign({ id: 'evt_1', sentAt: new Date(), body: BODY }, [new Secret(wrong)]),
      (error: Error & { code?: string }) =>
        error.code === 'secret.malformed' && (wrong.length < 8 || !error.message.includes(wrong)),
    )
  })
}
