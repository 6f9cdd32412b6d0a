import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message, OutgoingContent } from '../../app/model/message.ts'
import type { Store } from '../../app/store/store.ts'
import { writtenBefore } from '../../app/whatsapp/outbound/again.ts'
import { Places } from '../../app/whatsapp/outbound/place.ts'
import { write } from '../../app/whatsapp/outbound/write.ts'
import { chatOf } from '../../app/whatsapp/translate.ts'

const PN = '12025550102@s.whatsapp.net'
const LID = '98765432101234@lid'
const GROUP = '120363000000000001@g.us'
const nobody = async () => null

const SAID: Message = {
  id: 'obx_1',
  account: 'main',
  direction: 'out',
  chat: '+12025550102',
  messageId: '3EB0AA',
  status: 'sent',
  from: '+12025550100',
  content: { type: 'text', text: { body: 'for one pair of eyes' } },
  createdAt: new Date(),
  attemptCount: 1,
  timeline: [],
}

const places = new Places({
  metadata: async id => ({
    id,
    owner: undefined,
    subject: '',
    participants: [],
    addressingMode: 'lid' as never,
  }),
  lidOf: async jid => (jid === PN ? LID.replace('@', ':0@') : null),
})

/** The message, as a device in that chat would get it again. */
async function again(message: Message, chat: string | undefined) {
  const store = { messages: { named: async () => [message], timer: async () => 0 } } as unknown as Store // all that is asked of it
  const asked = { id: message.messageId, chat, phone: '+12025550100' }
  return (await writtenBefore(asked, { account: 'main', store, places }))?.message
}

test('a message is given again to the chat it was for, and to nobody else who knows its id', async () => {
  const known = async () => PN
  const same = [
    await chatOf(PN, nobody),
    await chatOf('12025550102:7@c.us', nobody),
    await chatOf(LID, known),
  ]
  for (const chat of same) {
    assert.equal((await again(SAID, chat))?.extendedTextMessage?.text, 'for one pair of eyes')
  }
  const others = ['12025550199@s.whatsapp.net', LID, GROUP, 'status@broadcast', undefined]
  for (const jid of others) assert.equal(await again(SAID, await chatOf(jid, nobody)), undefined, String(jid))
  assert.ok(await again({ ...SAID, chat: GROUP }, await chatOf(GROUP, nobody)))
})

test('what was received, and what this version does not write, is not given again', async () => {
  assert.equal(await again({ ...SAID, direction: 'in' }, SAID.chat), undefined)
  assert.equal(await again({ ...SAID, content: { type: 'image', image: {} } }, SAID.chat), undefined)
})

async function written(content: OutgoingContent, chat = SAID.chat, known = [SAID]) {
  const place = await places.look(chat, chat.startsWith('+') ? PN : chat)
  return await write({ ...SAID, chat, content }, { place, ephemeralSeconds: 0, named: async () => known })
}

test('a reply carries the words it answers only within their chat', async () => {
  const reply = { type: 'text', text: { body: 'yes' }, context: { message_id: '3EB0AA' } } as const
  const words = async (chat: string) => JSON.stringify(await written(reply, chat))
  assert.match(await words(SAID.chat), /for one pair of eyes/)
  assert.doesNotMatch(await words('+12025550199'), /for one pair of eyes|12025550100/)
  assert.match(await words('+12025550199'), /"stanzaId":"3EB0AA"/)
})

test('a template goes as the words it was accepted with, and so it goes again', async () => {
  const content = {
    type: 'template',
    template: { name: 'invoice', language: 'en', body: 'It is due.' },
  } as const
  assert.deepEqual(await written(content), { message: { extendedTextMessage: { text: 'It is due.' } } })
  assert.deepEqual(await again({ ...SAID, content }, SAID.chat), (await written(content)).message)
})

test('a group that hides numbers is told of people by their LID, and of those without one by number', async () => {
  const mentions = ['+12025550102', '+12025550177', '555@lid']
  const { message } = await written({ type: 'text', text: { body: 'you' }, mentions }, GROUP)
  assert.deepEqual(message.extendedTextMessage?.contextInfo?.mentionedJid, [
    LID,
    '12025550177@s.whatsapp.net',
    '555@lid',
  ])
  const theirs: Message = { ...SAID, direction: 'in', chat: GROUP, from: '+12025550102' }
  const reaction = { type: 'reaction', reaction: { message_id: '3EB0AA', emoji: '👍' } } as const
  const { key } = (await written(reaction, GROUP, [theirs])).message.reactionMessage ?? {}
  assert.deepEqual(key, { remoteJid: GROUP, fromMe: false, id: '3EB0AA', participant: LID })
})

test('nothing that is written depends on when: a repeat says the same', async () => {
  const contents: OutgoingContent[] = [
    { type: 'reaction', reaction: { message_id: '3EB0AA', emoji: '👍' } },
    { type: 'edit', edit: { message_id: '3EB0AA', body: 'other words' } },
    { type: 'pin', pin: { message_id: '3EB0AA', pinned: true } },
    { type: 'poll', poll: { name: 'Tea?', options: ['yes', 'no'], selectable_count: 1 } },
  ]
  const { now } = Date
  for (const content of contents) {
    const first = await written(content)
    try {
      Date.now = () => now() + 60_000
      assert.deepEqual(await written(content), first)
    } finally {
      Date.now = now
    }
  }
})
