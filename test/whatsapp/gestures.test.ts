import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proto, type WAMessage } from '@whiskeysockets/baileys'
import { newId } from '../../app/lib/ids.ts'
import type { EventDraft } from '../../app/model/event.ts'
import type { Message } from '../../app/model/message.ts'
import { readMessage } from '../../app/whatsapp/inbound/message.ts'
import type { Reader } from '../../app/whatsapp/inbound/reading.ts'

const { MESSAGE_EDIT, PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE, REVOKE } =
  proto.Message.ProtocolMessage.Type
const AT = new Date('2026-03-01T10:00:00.000Z')
const GROUP = '120363000000000001@g.us'
const ANN = '12025550101@s.whatsapp.net'
const BOB = '12025550102@s.whatsapp.net'

const SAID: Message = {
  ...{ id: 'msg_1', account: 'main', direction: 'in', chat: '+12025550101', from: '+12025550101' },
  ...{ messageId: 'TARGET', status: 'received', createdAt: AT, attemptCount: 0, timeline: [] },
  content: { type: 'text', text: { body: 'teh' }, context: { message_id: 'QUESTION' } },
}

/** The events that a message comes to, with `known` in the store. */
async function told(key: Partial<WAMessage['key']>, message: proto.IMessage, known = SAID) {
  const drafts: EventDraft[] = []
  const reader: Reader = {
    ...{ account: 'main', me: { id: '12025550100:3@s.whatsapp.net' }, at: AT, lookup: async () => null },
    named: async id => (id === known.messageId ? [known] : []),
    route(draft) {
      drafts.push(draft)
      return { ...draft, id: newId('evt'), at: AT, deliveries: [] }
    },
  }
  const reading = await readMessage(
    { key: { id: 'NEW', fromMe: false, ...key }, message, messageTimestamp: 1 },
    reader,
  )
  return { drafts, changes: reading.changes, incoming: reading.incoming }
}

const edit = {
  protocolMessage: { type: MESSAGE_EDIT, key: { id: 'TARGET' }, editedMessage: { conversation: 'the' } },
}
const revoke = { protocolMessage: { type: REVOKE, key: { id: 'TARGET' } } }

test('an edit by its author changes the words and leaves what they answer', async () => {
  const { drafts, changes } = await told({ remoteJid: ANN }, edit)
  assert.deepEqual(
    drafts.map(draft => draft.type),
    ['message.edited'],
  )
  const content = { type: 'text', text: { body: 'the' }, context: { message_id: 'QUESTION' } }
  assert.deepEqual(
    changes.map(change => change.kind === 'content' && change.content),
    [content],
  )
})

test('nobody edits or takes back the message of somebody else, or of another chat', async () => {
  const inGroup = { ...SAID, chat: GROUP }
  assert.deepEqual((await told({ remoteJid: GROUP, participant: BOB }, edit, inGroup)).changes, [])
  assert.equal((await told({ remoteJid: GROUP, participant: ANN }, edit, inGroup)).changes.length, 1)
  assert.deepEqual((await told({ remoteJid: BOB }, edit)).changes, [])
  assert.deepEqual((await told({ remoteJid: BOB }, revoke)).changes, [])
  assert.deepEqual((await told({ remoteJid: ANN, fromMe: true }, edit)).changes, [])
})

test('in a group an admin takes back what another wrote, and it is told who', async () => {
  const { drafts } = await told({ remoteJid: GROUP, participant: BOB }, revoke, { ...SAID, chat: GROUP })
  assert.deepEqual([drafts[0]?.type, drafts[0]?.data.from], ['message.revoked', '+12025550102'])
})

test('an edit of a message that nobody has kept is told all the same', async () => {
  const { drafts } = await told({ remoteJid: ANN }, edit, { ...SAID, messageId: 'ANOTHER' })
  assert.deepEqual([drafts[0]?.data.message_id, drafts[0]?.data.text], ['TARGET', { body: 'the' }])
})

test('a vote for a poll that nobody has kept is told without what was chosen', async () => {
  const vote = { encPayload: Buffer.alloc(32), encIv: Buffer.alloc(12) }
  const message = { pollUpdateMessage: { pollCreationMessageKey: { id: 'POLL' }, vote } }
  const { drafts } = await told({ remoteJid: ANN }, message)
  assert.deepEqual(
    [drafts[0]?.type, drafts[0]?.data.vote],
    ['poll.vote', { message_id: 'POLL', unreadable: true }],
  )
})

/** What the own phone answers when it is asked for a message that did not come with its content. */
function resent(body: string): proto.IMessage {
  const info = { key: { remoteJid: ANN, id: 'PLACEHOLDER', fromMe: false }, message: { conversation: body } }
  const webMessageInfoBytes = proto.WebMessageInfo.encode(proto.WebMessageInfo.fromObject(info)).finish()
  const peerDataOperationResult = [{ placeholderMessageResendResponse: { webMessageInfoBytes } }]
  return {
    protocolMessage: {
      type: PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: { peerDataOperationResult },
    },
  }
}

test('what the own phone sends again is the message it would have been', async () => {
  const { drafts } = await told({ remoteJid: '12025550100@s.whatsapp.net', fromMe: true }, resent('late'))
  assert.deepEqual(
    [drafts[0]?.type, drafts[0]?.data.message_id, drafts[0]?.data.from, drafts[0]?.data.text],
    ['message.received', 'PLACEHOLDER', '+12025550101', { body: 'late' }],
  )
})

test('the same from anybody else is a forgery, and nothing', async () => {
  assert.deepEqual((await told({ remoteJid: BOB }, resent('forged'))).changes, [])
})
