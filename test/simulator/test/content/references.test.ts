import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { decryptPollVote, proto, type WAMessage } from '@whiskeysockets/baileys'
import { CONTACT, jid, MAIN } from '../rig.ts'
import { sealVote } from './ballot.ts'
import { Chat, type InboxEntry } from './chat.ts'

const { MESSAGE_EDIT, REVOKE } = proto.Message.ProtocolMessage.Type
const OPTIONS = ['soup', 'salad', 'both']
const hashOf = (option: string) => createHash('sha256').update(option).digest()

test('what an account says about a message is what the phone reads about it', async t => {
  const chat = await Chat.start(t)
  const received = await chat.receive('text', { body: 'from Bob' })
  const sent = await chat.send({ text: 'from the account' })
  const said = async (message: WAMessage) => about(await chat.entry(message.key.id))
  const context = { message_id: received.key.id, from: `+${CONTACT}` }
  const rows = {
    'a reaction': [
      await chat.send({ react: { text: '🎉', key: received.key } }),
      { type: 'reaction', reaction: { message_id: received.key.id, emoji: '🎉' } },
    ],
    'a reaction taken back': [
      await chat.send({ react: { text: '', key: received.key } }),
      { type: 'reaction', reaction: { message_id: received.key.id, emoji: '' } },
    ],
    'a reply': [
      await chat.send({ text: 'an answer' }, { quoted: received }),
      { type: 'text', text: { body: 'an answer' }, context },
    ],
    'an edit': [
      await chat.send({ text: 'corrected', edit: sent.key }),
      { type: 'edit', edit: { message_id: sent.key.id, body: 'corrected' } },
    ],
    'a pin': [
      await chat.send({ pin: received.key, type: 1, time: 604_800 }),
      { type: 'pin', pin: { message_id: received.key.id, pinned: true, seconds: 604_800 } },
    ],
    'the end of a pin': [
      await chat.send({ pin: received.key, type: 2 }),
      { type: 'pin', pin: { message_id: received.key.id, pinned: false } },
    ],
    'a forward': [
      await chat.send({ forward: received, force: true }),
      { type: 'text', text: { body: 'from Bob' }, forwarded: true },
    ],
    'a message that will go': [
      await chat.send({ text: 'for a day' }, { ephemeralExpiration: 86_400 }),
      { type: 'text', text: { body: 'for a day' }, ephemeral_seconds: 86_400 },
    ],
    'a revocation': [
      await chat.send({ delete: sent.key }),
      { type: 'revoke', revoke: { message_id: sent.key.id } },
    ],
  } as const
  for (const [name, [message, want]] of Object.entries(rows)) {
    await t.test(name, async () => assert.deepEqual(await said(message), want))
  }
  assert.deepEqual(await chat.rig.violations(), [])
})

test('what a phone says about a message is what an unmodified Baileys reads about it', async t => {
  const chat = await Chat.start(t)
  const sent = await chat.send({ text: 'from the account' })
  await chat.entry(sent.key.id)
  const received = await chat.receive('text', { body: 'from Bob' })
  const message_id = String(sent.key.id)
  const own = String(received.key.id)
  const key = { remoteJid: jid(MAIN), fromMe: false, id: message_id }
  const ownKey = { remoteJid: jid(MAIN), fromMe: true, id: own }
  const seen = async (type: string, member: object, around: object = {}) => {
    const { message } = await chat.receive(type, member, around)
    return JSON.parse(JSON.stringify(message)) as proto.IMessage
  }
  await t.test('a reaction', async () => {
    const reaction = await chat.arrival(`/phones/${CONTACT}/react`, { message_id, emoji: '👍' })
    assert.equal(reaction.message?.reactionMessage?.text, '👍')
    const { id, fromMe, remoteJid } = reaction.message?.reactionMessage?.key ?? {}
    assert.deepEqual({ id, fromMe, remoteJid }, { id: message_id, fromMe: true, remoteJid: jid(CONTACT) })
  })
  await t.test('a reply', async () => {
    const { extendedTextMessage: text } = await seen('text', { body: 'ok' }, { context: { message_id } })
    const { stanzaId, participant, quotedMessage } = text?.contextInfo ?? {}
    assert.deepEqual([text?.text, stanzaId, participant], ['ok', message_id, jid(MAIN)])
    assert.equal(quotedMessage?.extendedTextMessage?.text, 'from the account')
  })
  await t.test('an edit', async () => {
    const { editedMessage } = await seen('edit', { message_id: own, body: 'better' })
    const change = editedMessage?.message?.protocolMessage
    assert.deepEqual([change?.type, change?.key], ['MESSAGE_EDIT', ownKey])
    assert.equal(change?.editedMessage?.conversation, 'better')
  })
  await t.test('a pin', async () => {
    const { pinInChatMessage: pin, messageContextInfo } = await seen('pin', { message_id, seconds: 86_400 })
    assert.deepEqual([pin?.key, pin?.type], [key, 'PIN_FOR_ALL'])
    assert.equal(messageContextInfo?.messageAddOnDurationInSecs, 86_400)
  })
  await t.test('a forward', async () => {
    const { extendedTextMessage: text } = await seen('forward', { message_id })
    assert.deepEqual([text?.text, text?.contextInfo?.isForwarded], ['from the account', true])
  })
  await t.test('a message that will go', async () => {
    const { extendedTextMessage: text } = await seen('text', { body: 'x' }, { ephemeral_seconds: 60 })
    assert.deepEqual([text?.text, text?.contextInfo?.expiration], ['x', 60])
  })
  await t.test('a revocation', async () => {
    const { protocolMessage } = await seen('revoke', { message_id: own })
    assert.deepEqual([protocolMessage?.type, protocolMessage?.key], ['REVOKE', ownKey])
  })
  assert.deepEqual([MESSAGE_EDIT, REVOKE], [14, 0])
})

test('a vote in a poll is read only by who has the poll, whichever side made it', async t => {
  const chat = await Chat.start(t)
  const poll = await chat.receive('poll', { name: 'Lunch?', options: OPTIONS, selectable_count: 1 })
  const id = String(poll.key.id)
  const secret = poll.message?.messageContextInfo?.messageSecret
  assert.ok(secret)
  await t.test("an account's vote in the phone's poll", async () => {
    const vote = sealVote({ id, secret, author: jid(CONTACT), voter: jid(MAIN) }, ['salad'])
    const pollUpdateMessage = { pollCreationMessageKey: poll.key, vote, senderTimestampMs: Date.now() }
    const voteId = await chat.sock.relayMessage(jid(CONTACT), { pollUpdateMessage }, {})
    const want = { type: 'vote', vote: { message_id: id, options: ['salad'] } }
    assert.deepEqual(about(await chat.entry(voteId)), want)
  })
  const ownPoll = await chat.send({ poll: { name: 'Dinner?', values: [...OPTIONS], selectableCount: 2 } })
  await chat.entry(ownPoll.key.id)
  await t.test("a phone's vote in the account's poll", async () => {
    const body = { message_id: ownPoll.key.id, options: ['soup', 'both'] }
    const { message } = await chat.arrival(`/phones/${CONTACT}/vote`, body)
    const vote = message?.pollUpdateMessage?.vote
    const pollEncKey = ownPoll.message?.messageContextInfo?.messageSecret
    assert.ok(vote && pollEncKey)
    const context = { pollMsgId: String(ownPoll.key.id), pollEncKey }
    const opened = decryptPollVote(vote, { ...context, pollCreatorJid: jid(MAIN), voterJid: jid(CONTACT) })
    assert.deepEqual(
      opened.selectedOptions?.map(hash => Buffer.from(hash)),
      ['soup', 'both'].map(hashOf),
    )
    assert.throws(() => decryptPollVote(vote, { ...context, pollCreatorJid: jid(MAIN), voterJid: jid(MAIN) }))
  })
  assert.deepEqual(await chat.rig.violations(), [])
  await t.test('a vote under another name is a violation and no vote', async () => {
    chat.rig.provokes('bad-vote')
    const vote = sealVote({ id, secret, author: jid(CONTACT), voter: jid('12025550199') }, ['soup'])
    const pollUpdateMessage = { pollCreationMessageKey: poll.key, vote, senderTimestampMs: Date.now() }
    const entry = await chat.entry(await chat.sock.relayMessage(jid(CONTACT), { pollUpdateMessage }, {}))
    assert.equal(entry.type, 'unsupported')
    assert.deepEqual(await chat.rig.violations(), ['bad-vote'])
  })
})

/** An inbox entry without what every entry has. */
function about({
  id: _,
  from: __,
  chat: ___,
  at: ____,
  ...said
}: InboxEntry): Readonly<Record<string, unknown>> {
  return said
}
