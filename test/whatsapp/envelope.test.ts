import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WAMessage } from '@whiskeysockets/baileys'
import { envelopeOf } from '../../app/whatsapp/inbound/envelope.ts'
import type { Reader } from '../../app/whatsapp/inbound/reading.ts'
import { receiptOf } from '../../app/whatsapp/inbound/receipt.ts'

const PN = '12025550102@s.whatsapp.net'
const LID = '98765432101234@lid'
const GROUP = '120363000000000001@g.us'
const nobody = async () => null

function envelope(key: Partial<WAMessage['key']>, lookup: Reader['lookup'] = nobody, attrs = {}) {
  const message: WAMessage = { key: { id: 'ABC', fromMe: false, ...key }, messageTimestamp: 1_700_000_000 }
  const me = { id: '12025550100:3@s.whatsapp.net' }
  return envelopeOf(message, { me, lookup } as Reader, { tag: 'message', attrs })
}

const chats = [
  { name: 'a number', key: { remoteJid: PN }, want: ['+12025550102', '+12025550102'] },
  {
    name: 'a number with a device',
    key: { remoteJid: '12025550102:7@s.whatsapp.net' },
    want: ['+12025550102', '+12025550102'],
  },
  {
    name: 'a LID whose number came along',
    key: { remoteJid: LID, remoteJidAlt: PN },
    want: ['+12025550102', '+12025550102'],
  },
  { name: 'a LID without a number', key: { remoteJid: LID }, want: [LID, LID] },
  { name: 'a group, by a number', key: { remoteJid: GROUP, participant: PN }, want: [GROUP, '+12025550102'] },
  {
    name: 'a group, by a LID',
    key: { remoteJid: GROUP, participant: LID, participantAlt: PN },
    want: [GROUP, '+12025550102'],
  },
]
for (const { name, key, want } of chats) {
  test(`a message from ${name} has its chat and its author`, async () => {
    const found = await envelope(key)
    assert.deepEqual([found?.chat, found?.from, found?.direction], [...want, 'in'])
  })
}

test('a LID is a number when WhatsApp has told it before', async () => {
  const found = await envelope({ remoteJid: LID }, async () => '12025550102:0@s.whatsapp.net')
  assert.equal(found?.chat, '+12025550102')
})

test('what we wrote on the phone is ours, in the chat of whom it was for', async () => {
  const ours = '12025550100@s.whatsapp.net'
  const key = { remoteJid: LID, remoteJidAlt: ours, fromMe: true } // what Baileys makes of it: our own number
  const found = await envelope(key, nobody, { recipient: LID, recipient_pn: PN })
  assert.deepEqual([found?.chat, found?.from, found?.direction], ['+12025550102', '+12025550100', 'out'])
  const lid = await envelope(key, nobody, { recipient: LID })
  assert.equal(lid?.chat, LID)
})

test('a status stands in the chat of all statuses, from whoever it shows', async () => {
  const found = await envelope({ remoteJid: 'status@broadcast', participant: PN })
  assert.deepEqual([found?.chat, found?.from, found?.direction], ['status@broadcast', '+12025550102', 'in'])
})

test('receipts name every message they are about', () => {
  const items = ['B', 'C'].map(id => ({ tag: 'item', attrs: { id } }))
  const content = [{ tag: 'list', attrs: {}, content: items }]
  const receipt = receiptOf({ tag: 'receipt', attrs: { id: 'A', from: PN, type: 'read' }, content })
  assert.deepEqual(receipt, { messageIds: ['A', 'B', 'C'], status: 'read' })
  assert.equal(receiptOf({ tag: 'receipt', attrs: { id: 'A', from: PN } })?.status, 'delivered')
  assert.equal(
    receiptOf({ tag: 'receipt', attrs: { id: 'A', from: PN, type: 'inactive' } })?.status,
    'delivered',
  )
})

test('a request to send again, and what another device of ours has read, are no receipts', () => {
  assert.equal(receiptOf({ tag: 'receipt', attrs: { id: 'A', from: PN, type: 'retry' } }), undefined)
  assert.equal(receiptOf({ tag: 'receipt', attrs: { id: 'A', from: PN, type: 'sender' } }), undefined)
  assert.equal(
    receiptOf({ tag: 'receipt', attrs: { id: 'A', from: PN, type: 'read', recipient: PN } }),
    undefined,
  )
})
