import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jidOf } from '../../app/model/chat.ts'
import { phoneOf } from '../../app/whatsapp/translate.ts'

const PN = '12025550102@s.whatsapp.net'
const LID = '98765432101234@lid'
const GROUP = '120363000000000001@g.us'

test('addresses go both ways', () => {
  assert.equal(jidOf('+12025550102'), PN)
  assert.equal(jidOf(LID), LID)
  assert.equal(jidOf(GROUP), GROUP)
  assert.equal(phoneOf(PN), '+12025550102')
  assert.equal(phoneOf(LID), undefined)
})
