import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BinaryNode, getBinaryNodeChild, type proto } from '@whiskeysockets/baileys'
import { nextText, statusesOf } from '../plain-client.ts'
import { CONTACT, jid, MAIN, Rig } from '../rig.ts'

const REFUSED = 0
const DELIVERED = 3

test('no-ack withholds the acknowledgement of a message that arrives; the next one is acknowledged', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const acked: string[] = []
  sock.ws.on('CB:ack,class:message', (node: { attrs: { id: string } }) => acked.push(node.attrs.id))
  await rig.ask('POST', '/faults', { kind: 'no-ack', account: MAIN })
  await sock.sendMessage(jid(CONTACT), { text: 'unacknowledged' })
  const second = await sock.sendMessage(jid(CONTACT), { text: 'acknowledged' })
  assert.equal((await rig.inboxOf(CONTACT, 2)).length, 2)
  await rig.eventually(() => acked, [String(second?.key.id)])
})

test('rate-overlimit refuses messages with its code, after those that may pass', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN, { emitOwnEvents: false })
  await rig.ask('POST', '/faults', { kind: 'rate-overlimit', after: 1, count: 1, code: 463 })
  const ids: string[] = []
  const statuses = [0, 1, 2].map(index => statusesOf(sock, () => ids[index] ?? ''))
  for (const text of ['passes', 'refused', 'passes again']) {
    ids.push(String((await sock.sendMessage(jid(CONTACT), { text }))?.key.id))
  }
  await rig.eventually(() => statuses, [[DELIVERED], [REFUSED], [DELIVERED]])
  assert.equal((await rig.inbox(CONTACT)).length, 2)
})

test('slow delays the acknowledgement', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  await rig.ask('POST', '/faults', { kind: 'slow', delay_ms: 300 })
  const acked = new Promise(resolve => sock.ws.on('CB:ack,class:message', resolve))
  const started = Date.now()
  await sock.sendMessage(jid(CONTACT), { text: 'slowly' })
  await acked
  assert.ok(Date.now() - started >= 300)
})

test('duplicate delivers a message twice; the phone learns of one delivery', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const stanzas: string[] = []
  sock.ws.on('CB:message', (node: { attrs: { id: string } }) => stanzas.push(node.attrs.id))
  await rig.ask('POST', '/faults', { kind: 'duplicate' })
  const id = await rig.send(CONTACT, MAIN, 'twice')
  await rig.eventually(() => stanzas, [id, id])
})

test('reorder lets the next message overtake', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const seen: string[] = []
  sock.ev.on('messages.upsert', ({ messages }) => {
    for (const { key } of messages) if (!key.fromMe) seen.push(String(key.id))
  })
  await rig.ask('POST', '/faults', { kind: 'reorder' })
  const first = await rig.send(CONTACT, MAIN, 'first')
  const second = await rig.send(CONTACT, MAIN, 'second')
  await rig.eventually(() => seen, [second, first])
})

test('late-ack lets messages pass that are acknowledged before it', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const acked: string[] = []
  sock.ws.on('CB:ack,class:message', (node: { attrs: { id: string } }) => acked.push(node.attrs.id))
  await rig.ask('POST', '/faults', { kind: 'late-ack', delay_ms: 400 })
  const late = await sock.sendMessage(jid(CONTACT), { text: 'acknowledged late' })
  const next = await sock.sendMessage(jid(CONTACT), { text: 'acknowledged at once' })
  await rig.eventually(() => acked, [String(next?.key.id), String(late?.key.id)])
})

test('query-overlimit refuses a query with 429 and answers the next', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  await rig.ask('POST', '/faults', { kind: 'query-overlimit', account: MAIN })
  await assert.rejects(sock.onWhatsApp(CONTACT), { message: 'rate-overlimit', data: 429 })
  assert.equal((await sock.onWhatsApp(CONTACT))?.[0]?.exists, true)
})

test('retry-receipt: the phone cannot read a message, asks again, gets it in a new session and reads it', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN, { emitOwnEvents: false })
  const first = nextText(sock)
  await sock.sendMessage(jid(CONTACT), { text: 'opens the session' })
  await rig.send(CONTACT, MAIN, 'so that later messages need no key')
  await first
  await rig.ask('POST', '/faults', { kind: 'retry-receipt' })
  let id = ''
  const statuses = statusesOf(sock, () => id)
  const asked = new Promise(resolve => sock.ws.on('CB:receipt,type:retry', () => resolve(rig.inbox(CONTACT))))
  id = String((await sock.sendMessage(jid(CONTACT), { text: 'again, please' }))?.key.id)
  assert.equal(((await asked) as unknown[]).length, 1, 'it is not in the inbox when the phone asks')
  await rig.eventually(() => statuses, [DELIVERED])
  assert.deepEqual(
    (await rig.inbox(CONTACT)).map(({ text }) => text?.body),
    ['opens the session', 'again, please'],
  )
  assert.deepEqual(await figures(rig), { repeats: 0, retries: 1, violations: 0 })
})

test('unreadable: the account asks its sender again, who sends the message in a new session', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const types: string[] = []
  sock.ws.on('CB:message', (node: BinaryNode) =>
    types.push(getBinaryNodeChild(node, 'enc')?.attrs.type ?? ''),
  )
  const first = nextText(sock)
  await rig.send(CONTACT, MAIN, 'opens the session')
  await first
  await sock.sendMessage(jid(CONTACT), { text: 'so that the phone drops its pkmsg' })
  await rig.inboxOf(CONTACT, 1)
  await rig.ask('POST', '/faults', { kind: 'unreadable', account: MAIN })
  const read: string[] = []
  sock.ev.on('messages.update', updates => read.push(...updates.map(({ update }) => textIn(update.message))))
  sock.ev.on('messages.upsert', ({ messages }) =>
    read.push(...messages.map(({ message }) => textIn(message))),
  )
  await rig.send(CONTACT, MAIN, 'readable at last')
  await rig.eventually(() => read.filter(text => text !== ''), ['readable at last'])
  assert.deepEqual(types, ['pkmsg', 'msg', 'pkmsg'])
  assert.deepEqual(await figures(rig), { repeats: 0, retries: 1, violations: 0 })
})

test('identity-change: the account is told, opens a new session, and both understand each other again', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  const first = nextText(sock)
  await sock.sendMessage(jid(CONTACT), { text: 'to the old phone' })
  await rig.send(CONTACT, MAIN, 'from the old phone')
  await first
  const { lid } = await rig.ask<{ lid: string }>('GET', `/phones/${CONTACT}`)
  const session = async () =>
    JSON.stringify((await account.keys.get('session', [`${lid}_1.0`]))[`${lid}_1.0`])
  const before = await session()
  const told = new Promise<BinaryNode>(resolve => sock.ws.on('CB:notification,type:encrypt', resolve))
  await rig.ask('POST', '/faults', { kind: 'identity-change', account: `+${CONTACT}` })
  assert.equal((await told).attrs.from, jid(CONTACT))
  await rig.eventually(async () => (await session()) !== before, true)
  await sock.sendMessage(jid(CONTACT), { text: 'to the new phone' })
  assert.equal((await rig.inboxOf(CONTACT, 2)).length, 2)
  const second = nextText(sock)
  await rig.send(CONTACT, MAIN, 'from the new phone')
  assert.equal((await second).text, 'from the new phone')
  assert.deepEqual(await rig.violations(), [])
})

test('identity-change under way: what was encrypted for the old phone is asked for again and read', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const first = nextText(sock)
  await sock.sendMessage(jid(CONTACT), { text: 'to the old phone' })
  await rig.send(CONTACT, MAIN, 'so that later messages need no key')
  await first
  await rig.ask('POST', '/faults', { kind: 'identity-change', account: CONTACT, after: 1 })
  await sock.sendMessage(jid(CONTACT), { text: 'still to the old phone' })
  await sock.sendMessage(jid(CONTACT), { text: 'overtaken by the change' })
  assert.deepEqual((await rig.inboxOf(CONTACT, 3)).map(({ text }) => text?.body).toSorted(), [
    'overtaken by the change',
    'still to the old phone',
    'to the old phone',
  ])
  const { retries, violations } = await rig.stats()
  assert.ok(retries > 0)
  assert.equal(violations, 0)
})

function textIn(message: proto.IMessage | null | undefined): string {
  return message?.conversation ?? ''
}

async function figures(rig: Rig): Promise<unknown> {
  const { repeats, retries, violations } = await rig.stats()
  return { repeats, retries, violations }
}
