import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventOf, nextText, opened, statusesOf } from './plain-client.ts'
import { CONTACT, jid, MAIN, Rig } from './rig.ts'

const SECOND = '12025550102'
const DELIVERED = 3
const READ = 4

test('carries texts both ways, each decrypted with the keys of its own recipient', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: `+${CONTACT}`, name: 'Bob' })
  const { sock } = await rig.linked(MAIN)
  const sent = await sock.sendMessage(jid(CONTACT), { text: 'hello Bob' })
  const [entry] = await rig.inboxOf(CONTACT, 1)
  assert.deepEqual(
    { ...entry, at: undefined },
    {
      id: sent?.key.id,
      from: `+${MAIN}`,
      chat: `+${MAIN}`,
      type: 'text',
      text: { body: 'hello Bob' },
      at: undefined,
    },
  )
  for (const body of ['one', 'two', 'three']) {
    const arrival = nextText(sock)
    const id = await rig.send(CONTACT, `+${MAIN}`, body)
    assert.deepEqual(await arrival, { id, text: body, type: 'notify' })
  }
  await sock.sendMessage(jid(CONTACT), { text: 'and back' })
  assert.equal((await rig.inboxOf(CONTACT, 2))[1]?.text?.body, 'and back')
  const { messages_in, messages_out, violations } = await rig.stats()
  assert.deepEqual(
    { messages_in, messages_out, violations },
    { messages_in: 3, messages_out: 2, violations: 0 },
  )
})

test('sends delivery receipts by itself, read receipts when the person reads', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN, { emitOwnEvents: false })
  let id = ''
  const statuses = statusesOf(sock, () => id)
  id = String((await sock.sendMessage(jid(CONTACT), { text: 'seen?' }))?.key.id)
  await rig.eventually(() => statuses, [DELIVERED])
  await rig.ask('POST', `/phones/${CONTACT}/read`, { message_ids: [id] })
  await rig.eventually(() => statuses, [DELIVERED, READ])
  await assert.rejects(
    rig.ask('POST', `/phones/${CONTACT}/read`, { message_ids: ['NONE'] }),
    /404 .*no message NONE/,
  )
})

test('tells the sending phone when the account has received and read its message', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const arrival = eventOf(sock, 'messages.upsert', ({ messages }) => messages.find(({ key }) => !key.fromMe))
  await rig.send(CONTACT, MAIN, 'please read')
  const status = async () => (await rig.sent(CONTACT))[0]?.status
  const message = await arrival
  await rig.eventually(status, 'delivered')
  await sock.readMessages([message.key])
  await rig.eventually(status, 'read')
})

test('delivers what came while the account was away, in order and once', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  await rig.greeted(account)
  await sock.end(undefined)
  const sent: string[] = []
  for (const body of ['first', 'second', 'third']) sent.push(await rig.send(CONTACT, MAIN, body))
  const seen: string[] = []
  const back = rig.connect(account)
  back.ev.on('messages.upsert', ({ messages }) => seen.push(...messages.map(({ key }) => String(key.id))))
  await opened(back)
  await rig.eventually(() => seen, sent)
  await rig.eventually(
    async () => (await rig.sent(CONTACT)).map(({ status }) => status),
    Array(3).fill('delivered'),
  )
  await back.end(undefined)
  const again = rig.connect(account)
  again.ws.on('CB:message', (node: { attrs: { id: string } }) => seen.push(node.attrs.id))
  await eventOf(
    again,
    'connection.update',
    ({ receivedPendingNotifications }) => receivedPendingNotifications,
  )
  assert.deepEqual(seen, sent)
})

test('a phone that is off gets its messages when it is on again', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN, { emitOwnEvents: false })
  await rig.ask('POST', `/phones/${CONTACT}/off`)
  let id = ''
  const statuses = statusesOf(sock, () => id)
  id = String((await sock.sendMessage(jid(CONTACT), { text: 'are you there?' }))?.key.id)
  await rig.eventually(async () => (await rig.stats()).messages_out, 1)
  assert.deepEqual([await rig.inbox(CONTACT), statuses], [[], []])
  await rig.ask('POST', `/phones/${CONTACT}/on`)
  assert.equal((await rig.inboxOf(CONTACT, 1))[0]?.id, id)
  await rig.eventually(() => statuses, [DELIVERED])
})

test("copies what the account sends to its own phone, where it names the contact's chat", async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const sent = await sock.sendMessage(jid(CONTACT), { text: 'kept' })
  await rig.eventually(
    async () =>
      (await rig.sent(MAIN)).map(({ id, to, device, text }) => ({ id, to, device, body: text?.body })),
    [{ id: String(sent?.key.id), to: `+${CONTACT}`, device: 1, body: 'kept' }],
  )
  assert.deepEqual(await rig.inbox(MAIN), [])
})

test('a linked device sees what its own phone sends, and a second device what the first sends', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const first = await rig.linked(MAIN)
  const second = await rig.linked(MAIN)
  const copyTo = (sock: typeof first.sock, body: string) =>
    eventOf(sock, 'messages.upsert', ({ messages }) =>
      messages.find(({ key, message }) => {
        const text = message?.conversation || message?.extendedTextMessage?.text
        return Boolean(key.fromMe) && text === body && key.remoteJid === jid(CONTACT)
      }),
    )
  const copies = [copyTo(first.sock, 'from the phone'), copyTo(second.sock, 'from the phone')]
  await rig.send(MAIN, CONTACT, 'from the phone')
  await Promise.all(copies)
  const copy = copyTo(second.sock, 'from the first device')
  await first.sock.sendMessage(jid(CONTACT), { text: 'from the first device' })
  await copy
  assert.equal((await rig.inboxOf(CONTACT, 2)).length, 2)
  assert.deepEqual(await rig.violations(), [])
})

test('carries texts between two linked accounts and between two phones', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const one = await rig.linked(MAIN)
  const other = await rig.linked(SECOND)
  const arrival = eventOf(other.sock, 'messages.upsert', ({ messages }) =>
    messages.find(({ key }) => !key.fromMe),
  )
  await one.sock.sendMessage(jid(SECOND), { text: 'account to account' })
  assert.equal((await arrival).message?.extendedTextMessage?.text, 'account to account')
  const id = await rig.send(CONTACT, SECOND, 'phone to phone')
  assert.deepEqual(
    (await rig.inboxOf(SECOND, 2)).map(entry => entry.text?.body),
    ['account to account', 'phone to phone'],
  )
  await rig.eventually(
    async () => (await rig.sent(CONTACT)).find(sent => sent.id === id)?.status,
    'delivered',
  )
})

test('a message to nobody on WhatsApp is taken and reaches nobody', async t => {
  const rig = await Rig.start(t)
  const { sock } = await rig.linked(MAIN)
  await sock.sendMessage(jid('12025550199'), { text: 'hello?' })
  await rig.eventually(async () => (await rig.stats()).unknown_recipients, 1)
  assert.deepEqual(await rig.violations(), [])
})
