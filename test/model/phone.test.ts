import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRecipient } from '../../app/model/chat.ts'
import { type PhoneRule, parsePhone } from '../../app/model/phone.ts'

const VALID: PhoneRule = { reject: ['invalid'] }
const FRANCE: PhoneRule = { reject: ['invalid'], region: 'FR' }
const CHEAP: PhoneRule = { reject: ['invalid', 'premium-rate'] }

const NUMBERS: readonly (readonly [text: string, rule: PhoneRule, want: string | undefined])[] = [
  ['+33600000001', VALID, '+33600000001'],
  ['33600000001', VALID, '+33600000001'],
  ['0600000001', VALID, undefined],
  ['0600000001', FRANCE, '+33600000001'],
  ['33600000001', FRANCE, '+33600000001'],
  ['+12025550123', FRANCE, '+12025550123'],
  ['12025550123', FRANCE, undefined], // its + is missing: in France nobody has it
  ['12025550123', VALID, '+12025550123'],
  ['+15550001111', VALID, undefined],
  ['+15550001111', { reject: [] }, '+15550001111'],
  ['+33899123456', VALID, '+33899123456'],
  ['+33899123456', CHEAP, undefined],
  ['0899123456', { ...CHEAP, region: 'FR' }, undefined],
  ['+33600000001', CHEAP, '+33600000001'],
  ['06 00 00 00 01', FRANCE, undefined],
]

test('takes numbers as the policy wants them', () => {
  for (const [text, rule, want] of NUMBERS)
    assert.equal(parsePhone(text, rule), want, `${text} ${JSON.stringify(rule)}`)
})

test('reads the number of a JID as whole, whatever the region', () => {
  assert.equal(parseRecipient('12025550123@s.whatsapp.net', FRANCE)?.chat, '+12025550123')
  assert.equal(parseRecipient('12025550123', FRANCE), undefined)
})
