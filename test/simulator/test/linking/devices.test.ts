import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WASocket } from '@whiskeysockets/baileys'
import { eventOf, nextText, statusesOf } from '../plain-client.ts'
import { CONTACT, jid, MAIN, Rig, until } from '../rig.ts'

const DELIVERED = 3

test('encrypts for every device of the contact and of the own account, and each decrypts', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT, devices: 2 })
  await rig.ask('POST', '/phones', { number: MAIN, devices: 1 })
  const { sock } = await rig.linked(MAIN, { emitOwnEvents: false })
  let id = ''
  const statuses = statusesOf(sock, () => id)
  id = String((await sock.sendMessage(jid(CONTACT), { text: 'to all of you' }))?.key.id)
  for (const device of [0, 1, 2]) {
    await rig.eventually(() => textsOf(rig, CONTACT, { device }), ['to all of you'])
  }
  await rig.eventually(() => sentFrom(rig, MAIN, 1), [id])
  await rig.eventually(() => statuses.includes(DELIVERED), true)
  assert.deepEqual(await rig.violations(), [])
})

test("carries what a contact's companion writes, and the contact's other devices have it too", async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT, devices: 2 })
  const { sock } = await rig.linked(MAIN)
  const from: (string | null | undefined)[] = []
  sock.ws.on('CB:message', ({ attrs }: { attrs: { from?: string } }) => from.push(attrs.from))
  for (const [device, body] of ['phone', 'laptop', 'tablet'].entries()) {
    const arrival = nextText(sock)
    const message = { device, to: MAIN, type: 'text', text: { body } }
    const { id } = await rig.ask<{ id: string }>('POST', `/phones/${CONTACT}/send`, message)
    assert.deepEqual(await arrival, { id, text: body, type: 'notify' })
  }
  assert.deepEqual(from, [0, 1, 2].map(deviceJid))
  await sock.sendMessage(jid(CONTACT), { text: 'and back' })
  await rig.eventually(() => textsOf(rig, CONTACT, { device: 2 }), ['and back'])
  assert.equal((await rig.sent(CONTACT)).length, 3)
  await assert.rejects(
    rig.ask('POST', `/phones/${CONTACT}/send`, { device: 3, to: MAIN, type: 'text', text: { body: 'x' } }),
    /404 .*no companion 3/,
  )
  assert.deepEqual(await rig.violations(), [])
})

test('tells of devices that come and go, so that the next message goes to the right list', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  await sock.sendMessage(jid(CONTACT), { text: 'before' })
  await rig.inboxOf(CONTACT, 1)
  const added = notified(sock, 'add')
  await rig.ask('POST', '/phones', { number: CONTACT, devices: 1 })
  await added
  await sock.sendMessage(jid(CONTACT), { text: 'with the new one' })
  await rig.eventually(() => textsOf(rig, CONTACT, { device: 1 }), ['with the new one'])
  const removed = notified(sock, 'remove')
  await rig.ask('POST', '/phones', { number: CONTACT, devices: 0 })
  await removed
  await sock.sendMessage(jid(CONTACT), { text: 'without it' })
  await rig.inboxOf(CONTACT, 3)
  const { stale_device_lists, violations } = await rig.stats()
  assert.deepEqual({ stale_device_lists, violations }, { stale_device_lists: 0, violations: 0 })
})

test('takes a message with a stale list of devices, and says in the ack that there is another', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT, devices: 2 })
  const { sock } = await rig.linked(MAIN)
  await sock.sendMessage(jid(CONTACT), { text: 'now it knows three' })
  await rig.eventually(() => textsOf(rig, CONTACT, { device: 2 }), ['now it knows three'])
  // Hears no notification any more, as a client that has just lost one.
  sock.ws.removeAllListeners('CB:notification')
  const acks: (string | undefined)[] = []
  sock.ws.on('CB:ack,class:message', ({ attrs }: { attrs: { phash?: string } }) => acks.push(attrs.phash))
  await rig.ask('POST', '/phones', { number: CONTACT, devices: 1 })
  await sock.sendMessage(jid(CONTACT), { text: 'one is gone' })
  await rig.eventually(() => textsOf(rig, CONTACT, { device: 1 }), ['now it knows three', 'one is gone'])
  await until(
    () => acks,
    ({ length }) => length === 1,
  )
  assert.match(String(acks[0]), /^2:/)
  const { stale_device_lists, violations } = await rig.stats()
  assert.deepEqual({ stale_device_lists, violations }, { stale_device_lists: 1, violations: 0 })
})

test('lets two companions of one number each write, read and see what the other and the phone write', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const one = await rig.linked(MAIN)
  await one.sock.sendMessage(jid(CONTACT), { text: 'alone' })
  const other = await rig.linked(MAIN)
  const copies = [copyOf(one.sock, 'from the phone'), copyOf(other.sock, 'from the phone')]
  await rig.send(MAIN, CONTACT, 'from the phone')
  await Promise.all(copies)
  const copy = copyOf(other.sock, 'from the first')
  await one.sock.sendMessage(jid(CONTACT), { text: 'from the first' })
  await copy
  const arrivals = [nextText(one.sock), nextText(other.sock)]
  await rig.send(CONTACT, MAIN, 'to both')
  assert.deepEqual(
    (await Promise.all(arrivals)).map(({ text }) => text),
    ['to both', 'to both'],
  )
  assert.deepEqual(await textsOf(rig, CONTACT), ['alone', 'from the phone', 'from the first'])
  assert.deepEqual(await rig.violations(), [])
})

test('a companion in a group reads what the account writes there', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT, devices: 1 })
  const { sock } = await rig.linked(MAIN)
  const { id } = await sock.groupCreate('Devices', [jid(CONTACT)])
  await sock.sendMessage(id, { text: 'in the group' })
  for (const device of [0, 1]) await rig.eventually(() => textsOf(rig, CONTACT, { device }), ['in the group'])
  const arrival = nextText(sock)
  const message = { device: 1, to: id, type: 'text', text: { body: 'from the laptop' } }
  await rig.ask('POST', `/phones/${CONTACT}/send`, message)
  assert.equal((await arrival).text, 'from the laptop')
  assert.deepEqual(await rig.violations(), [])
})

type Entry = { readonly id: string; readonly text?: { readonly body: string } }

async function textsOf(rig: Rig, number: string, { device = 0 } = {}): Promise<(string | undefined)[]> {
  const { data } = await rig.ask<{ data: Entry[] }>('GET', `/phones/${number}/inbox?device=${device}`)
  return data.map(({ text }) => text?.body)
}

async function sentFrom(rig: Rig, number: string, device: number): Promise<string[]> {
  const { data } = await rig.ask<{ data: Entry[] }>('GET', `/phones/${number}/sent?device=${device}`)
  return data.map(({ id }) => id)
}

function deviceJid(device: number): string {
  return device === 0 ? jid(CONTACT) : `${CONTACT}:${device}@s.whatsapp.net`
}

/** Resolves when the client has heard of a change of devices, and has had a moment to take it in. */
function notified(sock: WASocket, change: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`heard of no ${change} within five seconds`)), 5_000)
    sock.ws.on(`CB:notification,type:devices`, (node: { content?: { tag: string }[] }) => {
      if (node.content?.[0]?.tag !== change) return
      clearTimeout(timer)
      setTimeout(resolve, 20)
    })
  })
}

function copyOf(sock: WASocket, body: string) {
  return eventOf(sock, 'messages.upsert', ({ messages }) =>
    messages.find(({ key, message }) => {
      const text = message?.conversation || message?.extendedTextMessage?.text
      return Boolean(key.fromMe) && text === body && key.remoteJid === jid(CONTACT)
    }),
  )
}
