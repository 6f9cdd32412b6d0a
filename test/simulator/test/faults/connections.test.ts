import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BinaryNode, WASocket } from '@whiskeysockets/baileys'
import { closed, eventOf, nextText, opened } from '../plain-client.ts'
import { CONTACT, jid, MAIN, Rig } from '../rig.ts'

const CODES = [515, 401, 403, 408, 411, 428, 440, 463, 500, 503]
const DISCONNECTS = [
  ...CODES.map(code => ({ fault: { kind: 'stream-error', code }, code })),
  { fault: { kind: 'drop-connection' }, code: 428 },
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

test('connection faults refuse a log-in with their code, and the next log-in goes through', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  for (const { fault, code } of DISCONNECTS) {
    await leave(rig, sock)
    await rig.ask('POST', '/faults', fault)
    assert.equal(await closed(rig.connect(account)), code, JSON.stringify(fault))
  }
  await opened(rig.connect(account))
})

test('logged-out ends the session with 401, and the account is refused afterwards', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  const end = closed(sock)
  await rig.ask('POST', '/faults', { kind: 'logged-out', account: MAIN })
  assert.equal(await end, 401)
  assert.equal(await closed(rig.connect(account)), 401)
})

test('logged-out can come at the next log-in', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  await leave(rig, sock)
  await rig.ask('POST', '/faults', { kind: 'logged-out', account: MAIN })
  assert.equal(await closed(rig.connect(account)), 401)
  assert.equal((await rig.stats()).accounts, 0)
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

test('a connection can be cut after any byte on the way down: what was cut comes whole at the next log-in', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  let current = sock
  for (const bytes of [0, 1, 2, 3, 4, 100, 250]) {
    const end = closed(current)
    await rig.ask('POST', '/faults', { kind: 'drop-connection', account: MAIN, bytes })
    const body = `cut after ${bytes} bytes, ${'which is long '.repeat(20)}`
    const id = await rig.send(CONTACT, MAIN, body)
    assert.equal(await end, 428)
    current = rig.connect(account)
    assert.equal((await arrival(current, id)).message?.conversation, body)
    await rig.eventually(async () => (await rig.stats()).connections, 1)
  }
})

test('a connection can be cut after any byte on the way up: what was cut has not been accepted', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  let current = sock
  for (const [index, bytes] of [0, 2, 150].entries()) {
    await current.sendMessage(jid(CONTACT), { text: 'whole' })
    assert.equal((await rig.inboxOf(CONTACT, index + 1)).length, index + 1)
    await sleep(100) // until the confirmations are through
    const end = closed(current)
    await rig.ask('POST', '/faults', { kind: 'drop-connection', account: MAIN, bytes, direction: 'up' })
    await current.sendMessage(jid(CONTACT), { text: 'cut' })
    assert.equal(await end, 428)
    current = await opened(rig.connect(account))
  }
  await current.sendMessage(jid(CONTACT), { text: 'whole at last' })
  assert.deepEqual(
    (await rig.inboxOf(CONTACT, 4)).map(({ text }) => text?.body),
    ['whole', 'whole', 'whole', 'whole at last'],
  )
  assert.deepEqual(await rig.violations(), [])
})

test('a log-in can be cut in the middle of its success', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  await leave(rig, sock)
  await rig.ask('POST', '/faults', { kind: 'drop-connection', bytes: 20 })
  assert.equal(await closed(rig.connect(account)), 428)
  await opened(rig.connect(account))
})

test('deaf: pings and queries are answered, messages go out, and nothing comes in until the next log-in', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  const seen = heard(sock)
  await rig.ask('POST', '/faults', { kind: 'deaf', account: MAIN })
  const acked = new Promise(resolve => sock.ws.on('CB:ack,class:message', resolve))
  await sock.sendMessage(jid(CONTACT), { text: 'goes out' })
  await acked
  const id = await rig.send(CONTACT, MAIN, 'is not heard')
  assert.equal((await rig.inboxOf(CONTACT, 1)).length, 1)
  const ping = { tag: 'ping', attrs: {} }
  const attrs = { to: 's.whatsapp.net', type: 'get', xmlns: 'w:p' }
  assert.equal(((await sock.query({ tag: 'iq', attrs, content: [ping] })) as BinaryNode).attrs.type, 'result')
  assert.deepEqual(seen, [])
  await sock.end(undefined)
  assert.equal((await arrival(rig.connect(account), id)).message?.conversation, 'is not heard')
})

test('silent: the client gets no answers and gives the connection up with 408', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  await leave(rig, sock)
  const quick = await opened(rig.connect(account, { keepAliveIntervalMs: 100 }))
  const end = new Promise<number | undefined>(resolve =>
    quick.ev.on('connection.update', ({ connection, lastDisconnect }) => {
      const error = lastDisconnect?.error as { output?: { statusCode?: number } } | undefined
      if (connection === 'close') resolve(error?.output?.statusCode)
    }),
  )
  await rig.ask('POST', '/faults', { kind: 'silent', account: MAIN })
  assert.equal(await end, 408)
  await opened(rig.connect(account))
})

test('clock-skew tells the account other times; its next log-in is told the right ones', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  const hours = 3
  await rig.ask('POST', '/faults', { kind: 'clock-skew', account: MAIN, skew_ms: -hours * 3_600_000 })
  assert.equal(await hoursOff(rig, sock), -hours)
  await sock.end(undefined)
  assert.equal(await hoursOff(rig, await opened(rig.connect(account))), 0)
})

test('prekeys-low leaves three one-time keys and asks for more, which the device uploads', async t => {
  const rig = await Rig.start(t)
  const { account } = await rig.linked(MAIN)
  const before = account.creds.nextPreKeyId
  await rig.ask('POST', '/faults', { kind: 'prekeys-low', account: MAIN })
  await rig.eventually(() => account.creds.nextPreKeyId > before, true)
})

test('prekeys-gone: a device without one-time keys is written to all the same', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  const before = account.creds.nextPreKeyId
  await rig.ask('POST', '/faults', { kind: 'prekeys-gone', account: MAIN })
  const text = nextText(sock)
  await rig.send(CONTACT, MAIN, 'without a one-time key')
  assert.equal((await text).text, 'without a one-time key')
  assert.equal(account.creds.nextPreKeyId, before)
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

/** Goes, and waits until the network has noticed. */
async function leave(rig: Rig, sock: WASocket): Promise<void> {
  await sock.end(undefined)
  await rig.eventually(async () => (await rig.stats()).connections, 0)
}

function arrival(sock: WASocket, id: string) {
  return eventOf(sock, 'messages.upsert', ({ messages }) => messages.find(({ key }) => key.id === id))
}

/** The ids of the messages and receipts that a connection is given from now on. */
function heard(sock: WASocket): string[] {
  const ids: string[] = []
  for (const tag of ['CB:message', 'CB:receipt'])
    sock.ws.on(tag, (node: BinaryNode) => ids.push(node.attrs.id ?? ''))
  return ids
}

/** By how many hours the time of a message differs from the time. */
async function hoursOff(rig: Rig, sock: WASocket): Promise<number> {
  const message = eventOf(sock, 'messages.upsert', ({ messages }) => messages.find(({ key }) => !key.fromMe))
  await rig.send(CONTACT, MAIN, 'what time is it?')
  return Math.round((Number((await message).messageTimestamp) - Date.now() / 1000) / 3600) + 0
}

/** What Baileys' reader of frames throws; rc14 lets it go unhandled, which would end the process. */
function caught(sock: WASocket): Promise<unknown> {
  const [read] = sock.ws.listeners('message') as ((bytes: unknown) => Promise<void>)[]
  sock.ws.removeAllListeners('message')
  return new Promise(resolve =>
    sock.ws.on('message', bytes => void read?.call(sock.ws, bytes).catch(resolve)),
  )
}
