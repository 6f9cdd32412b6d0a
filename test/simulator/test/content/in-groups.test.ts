import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { decryptPollVote } from '@whiskeysockets/baileys'
import { CONTACT, jid, MAIN } from '../rig.ts'
import { sealVote } from './ballot.ts'
import { Chat } from './chat.ts'

const OPTIONS = ['soup', 'salad', 'both']
const PICTURE = randomBytes(3_000)

for (const addressing of ['lid', 'pn'] as const) {
  test(`people say in a group addressed by ${addressing} about each other's messages what they say elsewhere`, async t => {
    const chat = await Chat.start(t)
    const { id: group } = await chat.rig.ask<{ id: string }>('POST', '/groups', {
      ...{ subject: 'Us', participants: [CONTACT, MAIN], addressing },
    })
    const { lid } = await chat.rig.ask<{ lid: string }>('GET', `/phones/${CONTACT}`)
    const bob = addressing === 'lid' ? `${lid}@lid` : jid(CONTACT)
    const me = addressing === 'lid' ? String(chat.sock.user?.lid).replace(/:\d+/, '') : jid(MAIN)
    const say = (type: string, member: object, around: object = {}) =>
      chat.arrival(`/phones/${CONTACT}/send`, { to: group, type, [type]: member, ...around })
    const entryOf = async (sent: { key: { id?: string | null } } | undefined) => {
      const { at: _, id: __, from, chat: where, ...said } = await chat.entry(sent?.key.id)
      assert.deepEqual([from, where], [`+${MAIN}`, group])
      return said
    }
    const text = await say('text', { body: 'who comes?' }, { mentions: [MAIN] })
    const message_id = String(text.key.id)
    assert.deepEqual(text.message?.extendedTextMessage?.contextInfo?.mentionedJid, [me])
    const picture = await say('image', { data: PICTURE.toString('base64') })
    assert.ok((await chat.download(picture)).equals(PICTURE))
    const reaction = await chat.sock.sendMessage(group, { react: { text: '👍', key: text.key } })
    assert.deepEqual(await entryOf(reaction), { type: 'reaction', reaction: { message_id, emoji: '👍' } })
    const reply = await chat.sock.sendMessage(group, { text: 'I do' }, { quoted: text })
    const context = { message_id, from: `+${CONTACT}` }
    assert.deepEqual(await entryOf(reply), { type: 'text', text: { body: 'I do' }, context })
    const reactionBack = await chat.arrival(`/phones/${CONTACT}/react`, {
      message_id: reply?.key.id,
      emoji: '🎉',
    })
    const { key } = reactionBack.message?.reactionMessage ?? {}
    assert.deepEqual([key?.id, key?.fromMe, key?.participant], [reply?.key.id, true, me])

    const poll = await say('poll', { name: 'Lunch?', options: OPTIONS })
    const secret = poll.message?.messageContextInfo?.messageSecret
    assert.ok(secret)
    const vote = sealVote({ id: String(poll.key.id), secret, author: bob, voter: me }, ['both'])
    const pollUpdateMessage = { pollCreationMessageKey: poll.key, vote, senderTimestampMs: Date.now() }
    const voteId = await chat.sock.relayMessage(group, { pollUpdateMessage }, {})
    const voted = { type: 'vote', vote: { message_id: poll.key.id, options: ['both'] } }
    assert.deepEqual(await entryOf({ key: { id: voteId } }), voted)

    const ownPoll = await chat.sock.sendMessage(group, {
      poll: { name: 'Dinner?', values: OPTIONS, selectableCount: 1 },
    })
    await entryOf(ownPoll)
    const body = { message_id: ownPoll?.key.id, options: ['soup'] }
    const { message } = await chat.arrival(`/phones/${CONTACT}/vote`, body)
    const sealed = message?.pollUpdateMessage?.vote
    const pollEncKey = ownPoll?.message?.messageContextInfo?.messageSecret
    assert.ok(sealed && pollEncKey)
    const names = { pollMsgId: String(ownPoll?.key.id), pollCreatorJid: me, voterJid: bob }
    const { selectedOptions } = decryptPollVote(sealed, { pollEncKey, ...names })
    const soup = createHash('sha256').update('soup').digest()
    assert.deepEqual(
      selectedOptions?.map(hash => Buffer.from(hash)),
      [soup],
    )

    const edit = await chat.sock.sendMessage(group, { text: 'I do not', edit: reply?.key ?? {} })
    assert.deepEqual(await entryOf(edit), {
      type: 'edit',
      edit: { message_id: reply?.key.id, body: 'I do not' },
    })
    const revoke = await chat.sock.sendMessage(group, { delete: reply?.key ?? {} })
    assert.deepEqual(await entryOf(revoke), { type: 'revoke', revoke: { message_id: reply?.key.id } })
    assert.deepEqual((await chat.rig.stats()).last_violations, [])
  })
}
