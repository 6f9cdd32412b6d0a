import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WASocket } from '@whiskeysockets/baileys'
import { closed, eventOf, nextText, opened, statusesOf } from './plain-client.ts'
import { CONTACT, jid, MAIN, Rig } from './rig.ts'

const REFUSED = 0
const DELIVERED = 3

const DISCONNECTS = [
  { fault: { kind: 'drop-connection' }, code: 428 },
  { fault: { kind: 'stream-error', code: 515 }, code: 515 },
  { fault: { kind: 'stream-error' }, code: 500 },
  { fault: { kind: 'service-unavailable' }, code: 503 },
  { fault: { kind: 'conflict' }, code: 440 },
]

test('connection faults end the session with their code, and the account may come back', async t => {
  const rig = await Rig.start(t)
  const linked = await rig.linked(MAIN)
  let sock = linked.sock
  for (const { fault, code } of DISCONNECTS) {
    const end = closed(sock)
    await rig.ask('POST', '/faults', { ...fault, account: `+${MAIN}` })
    assert.equal(await end, code, JSON.stringify(fault))
    sock = await opened(rig.connect(linked.account))
  }
})

test('logged-out ends the session with 401, and the account is refused afterwards', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  const end = closed(sock)
  await rig.ask('POST', '/faults', { kind: 'logged-out', account: MAIN })
  assert.equal(await end, 401)
  assert.equal(await closed(rig.connect(account)), 401)
})

test('a connection fault spares the other accounts', async t => {
  const rig = await Rig.start(t)
  await rig.linked(MAIN)
  const other = await rig.linked(CONTACT)
  let isClosed = false
  other.sock.ev.on('connection.update', ({ connection }) => {
    isClosed ||= connection === 'close'
  })
  await rig.ask('POST', '/faults', { kind: 'drop-connection', account: MAIN })
  await sleep(100)
  assert.equal(isClosed, false)
})

test('service-unavailable goes on for as many log-ins as it has left', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  const end = closed(sock)
  await rig.ask('POST', '/faults', { kind: 'service-unavailable', count: 3 })
  assert.equal(await end, 503)
  for (let attempt = 0; attempt < 2; attempt++) assert.equal(await closed(rig.connect(account)), 503)
  await opened(rig.connect(account))
})

test('a connection fault with `after` waits for so many messages', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  await rig.ask('POST', '/faults', { kind: 'drop-connection', after: 2 })
  const end = closed(sock)
  await sock.sendMessage(jid(CONTACT), { text: 'one' })
  assert.equal((await rig.ask<{ data: unknown[] }>('GET', '/faults')).data.length, 1)
  await sock.sendMessage(jid(CONTACT), { text: 'two' })
  assert.equal(await end, 428)
  assert.equal((await rig.inboxOf(CONTACT, 2)).length, 2)
})

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

test('retry-receipt makes a phone ask again for what it has read already; it stays one message', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN, { emitOwnEvents: false })
  await rig.ask('POST', '/faults', { kind: 'retry-receipt' })
  let id = ''
  const statuses = statusesOf(sock, () => id)
  id = String((await sock.sendMessage(jid(CONTACT), { text: 'again, please' }))?.key.id)
  await rig.eventually(() => statuses, [DELIVERED])
  const { repeats, violations } = await rig.stats()
  assert.deepEqual({ repeats, violations }, { repeats: 1, violations: 0 })
  assert.equal((await rig.inbox(CONTACT)).length, 1)
})

test('corrupt-frame breaks the channel; the account reconnects and loses nothing', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  const broken = caught(sock)
  await rig.ask('POST', '/faults', { kind: 'corrupt-frame' })
  assert.match(String(await broken), /unable to authenticate data/)
  await sock.end(undefined)
  const id = await rig.send(CONTACT, MAIN, 'after the break')
  const back = rig.connect(account)
  const arrival = eventOf(back, 'messages.upsert', ({ messages }) =>
    messages.find(({ key }) => key.id === id),
  )
  assert.equal((await arrival).message?.conversation, 'after the break')
})

test('DELETE /faults takes back what has not struck yet', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  await rig.ask('POST', '/faults', { kind: 'duplicate' })
  await rig.ask('DELETE', '/faults')
  const stanzas: string[] = []
  sock.ws.on('CB:message', (node: { attrs: { id: string } }) => stanzas.push(node.attrs.id))
  const arrival = nextText(sock)
  const id = await rig.send(CONTACT, MAIN, 'once')
  await arrival
  assert.deepEqual(stanzas, [id])
})

/** What Baileys' reader of frames throws; rc14 lets it go unhandled, which would end the process. */
function caught(sock: WASocket): Promise<unknown> {
  const [read] = sock.ws.listeners('message') as ((bytes: unknown) => Promise<void>)[]
  sock.ws.removeAllListeners('message')
  return new Promise(resolve =>
    sock.ws.on('message', bytes => void read?.call(sock.ws, bytes).catch(resolve)),
  )
}
