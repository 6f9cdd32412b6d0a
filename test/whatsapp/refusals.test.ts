import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SEND_FAILURES } from '../../app/model/send-failure.ts'
import { failureOf, refusalOf } from '../../app/whatsapp/refusals.ts'

const CONTACT = '+12025550102'
const GROUP = '120363020000000001@g.us'

/** `final code`, `few code`, `patient`, `cut off` or `retry`. */
function inWords(outcome: ReturnType<typeof refusalOf>): string {
  if (outcome.kind === 'refused') return `final ${outcome.code}`
  if (outcome.giveUp !== undefined) return `few ${outcome.giveUp.code}`
  if (outcome.patient === true) return 'patient'
  return outcome.cutOff === true ? 'cut off' : 'retry'
}

/** As Baileys throws what the server answered to a question on the way: the code of the answer in `data`. */
const answered = (text: string, code: number) => Object.assign(new Error(text), { data: code })

const ACKS: readonly (readonly [error: string, toContact: string, toGroup: string])[] = [
  ['400', 'few message.rejected', 'few message.rejected'],
  ['401', 'final recipient.forbidden', 'final group.forbidden'],
  ['403', 'final recipient.forbidden', 'final group.forbidden'],
  ['404', 'final recipient.not_on_whatsapp', 'final group.not_found'],
  ['406', 'final message.rejected', 'final message.rejected'],
  ['408', 'patient', 'patient'],
  ['413', 'final message.too_large', 'final message.too_large'],
  ['417', 'final whatsapp.417', 'final whatsapp.417'],
  ['420', 'patient', 'patient'],
  ['421', 'few message.rejected', 'few message.rejected'],
  ['429', 'patient', 'patient'],
  ['463', 'final account.restricted', 'final account.restricted'],
  ['479', 'few message.rejected', 'few message.rejected'],
  ['491', 'final message.rejected', 'final message.rejected'],
  ['496', 'few message.rejected', 'few message.rejected'],
  ['500', 'patient', 'patient'],
  ['552', 'patient', 'patient'],
  ['nonsense', 'patient', 'patient'],
]

for (const [error, toContact, toGroup] of ACKS) {
  test(`error ${error} in an ack is ${toContact} to a contact, ${toGroup} to a group`, () => {
    assert.equal(inWords(refusalOf(error, CONTACT)), toContact)
    assert.equal(inWords(refusalOf(error, GROUP)), toGroup)
  })
}

test('what a send had to ask first can refuse it: groups for good, keys after some attempts', () => {
  assert.equal(inWords(failureOf(answered('item-not-found', 404), GROUP)), 'final group.not_found')
  assert.equal(inWords(failureOf(answered('gone', 410), GROUP)), 'final group.not_found')
  assert.equal(inWords(failureOf(answered('forbidden', 403), GROUP)), 'final group.not_member')
  assert.equal(inWords(failureOf(answered('not-authorized', 401), GROUP)), 'final group.not_member')
  assert.equal(inWords(failureOf(answered('not-acceptable', 406), CONTACT)), 'few recipient.unreachable')
  const noKeys = Object.assign(new Error('All encryptions failed'), { output: { statusCode: 500 } })
  assert.equal(inWords(failureOf(noKeys, CONTACT)), 'few recipient.unreachable')
  const node = { tag: 'error', attrs: { code: '404', text: 'item-not-found' } }
  assert.equal(inWords(failureOf(Object.assign(new Error(), { data: node }), GROUP)), 'final group.not_found')
})

test('a server in trouble, one that asks for patience and a connection that broke are asked again', () => {
  assert.equal(inWords(failureOf(answered('rate-overlimit', 429), CONTACT)), 'patient')
  const gone = Object.assign(new Error('Connection Closed'), { output: { statusCode: 428 } })
  assert.equal(inWords(failureOf(gone, CONTACT)), 'cut off')
  const passing = [
    answered('internal-server-error', 500),
    answered('feature-not-implemented', 501),
    answered('request-timeout', 408),
    Object.assign(new Error('Timed Out'), { data: { stack: 'at …' }, output: { statusCode: 408 } }),
    new Error('Connection Closed'),
    'not even an error',
  ]
  for (const error of passing) assert.equal(inWords(failureOf(error, GROUP)), 'retry', String(error))
  const outcome = failureOf(new Error('no session with 12025550102'), CONTACT)
  assert.equal(outcome.kind === 'retry' && outcome.reason, 'not sent: no session with …')
})

test('every code that a refusal can have is explained, or has the number of WhatsApp in it', () => {
  const outcomes = ACKS.flatMap(([error]) => [refusalOf(error, CONTACT), refusalOf(error, GROUP)])
  const codes = outcomes.flatMap(outcome => {
    if (outcome.kind === 'refused') return [outcome.code]
    return outcome.kind === 'retry' && outcome.giveUp !== undefined ? [outcome.giveUp.code] : []
  })
  assert.ok(codes.length > 20)
  for (const code of codes) assert.ok(code in SEND_FAILURES || /^whatsapp\.4\d\d$/.test(code), code)
})
