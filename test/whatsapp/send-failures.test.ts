import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureOf } from '../../app/whatsapp/send.ts'

/** As Baileys throws what the server answered to a question on the way: the code of the answer in `data`. */
const answered = (text: string, code: number) => Object.assign(new Error(text), { data: code })

test('a group that the server does not know, or that we may not write to, is refused for good', () => {
  assert.deepEqual(failureOf(answered('item-not-found', 404)), {
    kind: 'refused',
    code: 'whatsapp.404',
    reason: 'WhatsApp refused the message with error 404',
  })
  assert.equal(failureOf(answered('forbidden', 403)).kind, 'refused')
})

test('a server in trouble, one that asks for patience and a connection that broke are asked again', () => {
  const passing = [
    answered('internal-server-error', 500),
    answered('feature-not-implemented', 501),
    answered('rate-overlimit', 429),
    answered('request-timeout', 408),
    Object.assign(new Error('Timed Out'), { data: { stack: 'at …' }, output: { statusCode: 408 } }),
    new Error('Connection Closed'),
    'not even an error',
  ]
  for (const error of passing) assert.equal(failureOf(error).kind, 'retry', String(error))
  const outcome = failureOf(new Error('no session with 12025550102'))
  assert.equal(outcome.kind === 'retry' && outcome.reason, 'not sent: no session with …')
})
