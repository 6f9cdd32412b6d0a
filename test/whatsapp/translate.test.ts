import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proto, type WAMessage } from '@whiskeysockets/baileys'
import type { Message } from '../../app/model/message.ts'
import {
  chatOf,
  incomingOf,
  jidOf,
  outgoingOf,
  phoneOf,
  receiptOf,
  storedMessageOf,
} from '../../app/whatsapp/translate.ts'

const PN = '12025550102@s.whatsapp.net'
const LID = '98765432101234@lid'
const GROUP = '120363000000000001@g.us'
const nobody = async () => null

function stanza(key: Partial<WAMessage['key']>, message: proto.IMessage = { conversation: 'hi' }): WAMessage {
  return {
    key: { remoteJid: PN, id: 'ABC', fromMe: false, ...key },
    message,
    messageTimestamp: 1_700_000_000,
  }
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
    const incoming = await incomingOf(stanza(key), nobody)
    assert.deepEqual([incoming?.chat, incoming?.from], want)
  })
}

test('a LID is a number when WhatsApp has told it before', async () => {
  const incoming = await incomingOf(stanza({ remoteJid: LID }), async () => '12025550102:0@s.whatsapp.net')
  assert.equal(incoming?.chat, '+12025550102')
})

const contents: { name: string; message: proto.IMessage; want: unknown }[] = [
  { name: 'a plain text', message: { conversation: 'hi' }, want: { type: 'text', text: { body: 'hi' } } },
  {
    name: 'a text that answers another',
    message: { extendedTextMessage: { text: 'yes', contextInfo: { stanzaId: 'XYZ' } } },
    want: { type: 'text', text: { body: 'yes' }, context: { message_id: 'XYZ' } },
  },
  {
    name: 'a disappearing text',
    message: { ephemeralMessage: { message: { conversation: 'soon gone' } } },
    want: { type: 'text', text: { body: 'soon gone' } },
  },
  {
    name: 'a picture, which this version cannot read',
    message: { imageMessage: { caption: 'look' } },
    want: { type: 'unsupported', unsupported: { kind: 'image' } },
  },
  {
    name: 'a message taken back',
    message: { protocolMessage: { type: proto.Message.ProtocolMessage.Type.REVOKE } },
    want: { type: 'unsupported', unsupported: { kind: 'revoke' } },
  },
]
for (const { name, message, want } of contents) {
  test(`reads ${name}`, async () => {
    assert.deepEqual((await incomingOf(stanza({}, message), nobody))?.content, want)
  })
}

const silent: { name: string; message: WAMessage }[] = [
  { name: 'our own message from the phone', message: stanza({ fromMe: true }) },
  { name: 'a status', message: stanza({ remoteJid: 'status@broadcast', participant: PN }) },
  { name: 'a key for a group', message: stanza({}, { senderKeyDistributionMessage: { groupId: GROUP } }) },
  {
    name: 'protocol chatter',
    message: stanza({}, { protocolMessage: { type: proto.Message.ProtocolMessage.Type.EPHEMERAL_SETTING } }),
  },
  {
    name: 'one that did not decrypt',
    message: { ...stanza({}), messageStubType: proto.WebMessageInfo.StubType.CIPHERTEXT },
  },
]
for (const { name, message } of silent) {
  test(`${name} is no message to anybody`, async () => {
    assert.equal(await incomingOf(message, nobody), undefined)
  })
}

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
