import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../app/model/message.ts'
import { chatOf, jidOf, outgoingOf, phoneOf, storedMessageOf } from '../../app/whatsapp/translate.ts'

const PN = '12025550102@s.whatsapp.net'
const LID = '98765432101234@lid'
const GROUP = '120363000000000001@g.us'
const nobody = async () => null

test('addresses go both ways', () => {
  assert.equal(jidOf('+12025550102'), PN)
  assert.equal(jidOf(LID), LID)
  assert.equal(jidOf(GROUP), GROUP)
  assert.equal(phoneOf(PN), '+12025550102')
  assert.equal(phoneOf(LID), undefined)
})

const SAID: Message = {
  id: 'obx_1',
  account: 'main',
  direction: 'out',
  chat: '+12025550102',
  messageId: '3EB0AA',
  status: 'sent',
  content: { type: 'text', text: { body: 'for one pair of eyes' } },
  createdAt: new Date(),
  attemptCount: 1,
  timeline: [],
}

test('a message is given again to the chat it was for, and to nobody else who knows its id', async () => {
  const known = async () => '12025550102@s.whatsapp.net'
  const same = [
    await chatOf(PN, nobody),
    await chatOf('12025550102:7@c.us', nobody),
    await chatOf(LID, known),
  ]
  for (const chat of same) {
    assert.equal(storedMessageOf(SAID, chat)?.extendedTextMessage?.text, 'for one pair of eyes')
  }
  const others = ['12025550199@s.whatsapp.net', LID, GROUP, 'status@broadcast', undefined]
  for (const jid of others)
    assert.equal(storedMessageOf(SAID, await chatOf(jid, nobody)), undefined, String(jid))
  assert.ok(storedMessageOf({ ...SAID, chat: GROUP }, await chatOf(GROUP, nobody)))
})

test('a reply carries the words it answers only within their chat', () => {
  const reply = { type: 'text', text: { body: 'yes' }, context: { message_id: '3EB0AA' } } as const
  const written = (chat: string) => JSON.stringify(outgoingOf({ chat, content: reply }, SAID))
  assert.match(written(SAID.chat), /for one pair of eyes/)
  assert.doesNotMatch(written('+12025550199'), /for one pair of eyes|12025550102/)
  assert.match(written('+12025550199'), /"stanzaId":"3EB0AA"/)
})

test('a template goes as the words it was accepted with', () => {
  const template = { name: 'invoice', language: 'en', body: 'It is due.' }
  const content = { type: 'template', template } as const
  assert.deepEqual(outgoingOf({ chat: SAID.chat, content }, undefined), {
    text: 'It is due.',
    linkPreview: null,
  })
  const again = storedMessageOf({ ...SAID, content }, SAID.chat)
  assert.deepEqual(again, { extendedTextMessage: { text: 'It is due.' } })
  const picture = { type: 'image', image: {} } as const
  assert.equal(storedMessageOf({ ...SAID, content: picture }, SAID.chat), undefined)
})
