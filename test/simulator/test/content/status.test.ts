import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { WAMessage } from '@whiskeysockets/baileys'
import { CONTACT, jid, MAIN } from '../rig.ts'
import { Chat, sha256 } from './chat.ts'

const STATUS = 'status@broadcast'
const OTHER = '12025550103'
const PICTURE = randomBytes(5_000)

test('a status of an account is decrypted by those whom it is shown, and by nobody else', async t => {
  const chat = await Chat.start(t)
  await chat.rig.ask('POST', '/phones', { number: OTHER })
  const show = (content: Parameters<typeof chat.sock.sendMessage>[1]) =>
    chat.sock.sendMessage(STATUS, content, { statusJidList: [jid(CONTACT)] })
  const text = await show({ text: 'open until six' })
  const { at: _, ...entry } = await chat.entry(text?.key.id)
  assert.deepEqual(entry, {
    ...{ id: text?.key.id, from: `+${MAIN}`, chat: STATUS, type: 'text' },
    text: { body: 'open until six' },
  })
  const picture = await show({ image: PICTURE, caption: 'today', jpegThumbnail: '' })
  assert.equal((await chat.entry(picture?.key.id)).media_sha256, sha256(PICTURE))
  assert.ok((await chat.fileOn(CONTACT, picture?.key.id)).equals(PICTURE))
  assert.deepEqual(await chat.rig.inbox(OTHER), [])
  const read = receiptOf(chat, text)
  await chat.rig.ask('POST', `/phones/${CONTACT}/read`, { message_ids: [text?.key.id] })
  assert.equal(await read, jid(CONTACT))
  assert.deepEqual((await chat.rig.stats()).last_violations, [])
})

test('a status of a phone is decrypted by those whom it is shown, and the phone learns who saw it', async t => {
  const chat = await Chat.start(t)
  await chat.rig.ask('POST', '/phones', { number: OTHER })
  const show = (type: string, member: object) =>
    chat.arrival(`/phones/${CONTACT}/send`, { to: STATUS, audience: [MAIN, OTHER], type, [type]: member })
  const text = await show('text', { body: 'on holiday' })
  const { remoteJid, participant, fromMe } = text.key
  assert.deepEqual([remoteJid, participant, fromMe], [STATUS, jid(CONTACT), false])
  assert.equal(text.message?.conversation, 'on holiday')
  const picture = await show('image', { data: PICTURE.toString('base64'), caption: 'the beach' })
  assert.equal(picture.message?.imageMessage?.caption, 'the beach')
  assert.ok((await chat.download(picture)).equals(PICTURE))
  await chat.rig.eventually(
    async () => (await chat.rig.inbox(OTHER)).map(({ type }) => type),
    ['text', 'image'],
  )
  await chat.sock.readMessages([text.key])
  const statuses = async () => (await chat.rig.sent(CONTACT)).map(({ to, status }) => `${to} ${status}`)
  await chat.rig.eventually(statuses, [`${STATUS} read`, `${STATUS} delivered`])
  const unseen = { to: STATUS, audience: [OTHER], type: 'text', text: { body: 'not for the account' } }
  const { id } = await chat.rig.ask<{ id: string }>('POST', `/phones/${CONTACT}/send`, unseen)
  const later = await show('text', { body: 'for both again' })
  assert.equal(later.message?.conversation, 'for both again')
  assert.ok(!chat.arrivals().includes(id))
  assert.deepEqual((await chat.rig.stats()).last_violations, [])
})

/** Who reads the message next. */
function receiptOf({ sock }: Chat, message: WAMessage | undefined): Promise<string | null | undefined> {
  return new Promise(resolve =>
    sock.ev.on('message-receipt.update', updates => {
      for (const { key, receipt } of updates) {
        if (key.id === message?.key.id && receipt.readTimestamp) resolve(receipt.userJid)
      }
    }),
  )
}
