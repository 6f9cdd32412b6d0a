import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BinaryNode } from '@whiskeysockets/baileys'
import { closed, newAccount, opened, qrOf } from '../plain-client.ts'
import { CONTACT, MAIN, Rig } from '../rig.ts'

test('a device that nobody links has shown six QR codes when it gives up, and none is good any more', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN })
  const sock = rig.connect(newAccount(), { qrTimeout: 30 })
  const shown: string[] = []
  sock.ev.on('connection.update', ({ qr }) => {
    if (qr !== undefined) shown.push(qr)
  })
  assert.equal(await closed(sock), 408)
  assert.equal(new Set(shown).size, 6)
  await rig.eventually(async () => (await rig.stats()).connections, 0)
  for (const qr of shown) {
    await assert.rejects(rig.ask('POST', `/phones/${MAIN}/scan`, { qr }), /409 this QR code is not valid/)
  }
  await rig.linked(MAIN)
})

test('the server hangs up on a device whose QR codes are all over', async t => {
  const rig = await Rig.start(t, { qrLifetimeMs: 300 })
  await rig.ask('POST', '/phones', { number: MAIN })
  const waiting = rig.connect(newAccount())
  const qr = await qrOf(waiting)
  assert.equal(await closed(waiting), 428)
  await assert.rejects(rig.ask('POST', `/phones/${MAIN}/scan`, { qr }), /409 this QR code is not valid/)
})

test('a log-in is passive: what has waited comes when the device says that it is active', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  await rig.greeted(account)
  await sock.end(undefined)
  const ids = [await rig.send(CONTACT, MAIN, 'first'), await rig.send(CONTACT, MAIN, 'second')]
  const back = rig.connect(account)
  const told: string[] = []
  back.ws.on('frame', (node: BinaryNode) => told.push(...tellingOf(node)))
  await opened(back)
  await rig.eventually(() => told.includes('offline 2'), true)
  const late = await rig.send(CONTACT, MAIN, 'third')
  const inOrder = [`${ids[0]} old`, `${ids[1]} old`, 'offline 2', `${late} now`]
  await rig.eventually(() => told.filter(each => inOrder.includes(each)), inOrder)
  // Its one-time keys are counted and it is active: only then is there anything to hear.
  assert.deepEqual(told.slice(0, 4), ['success', 'answer', 'answer', 'offline_preview 2'])
})

/** What a frame of the log-in says, in a word. */
function tellingOf({ tag, attrs, content }: BinaryNode): readonly string[] {
  const [inside] = Array.isArray(content) ? content : []
  if (tag === 'iq') return ['answer']
  if (tag === 'message') return [`${attrs.id} ${attrs.offline === undefined ? 'now' : 'old'}`]
  if (tag === 'ib' && inside?.tag.startsWith('offline')) return [`${inside.tag} ${inside.attrs.count}`]
  return tag === 'success' ? ['success'] : []
}

/** A key, and a history in five parts; Baileys asks for everything unless it is told not to. */
const TOLD = 6

test('what a phone had to tell a new device waits for it, and is taken at once at the next log-in', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN, name: 'Alice' })
  const account = await rig.paired(MAIN)
  await rig.ask('POST', '/faults', { kind: 'deaf', account: MAIN })
  const deaf = await opened(rig.connect(account))
  await rig.eventually(async () => (await rig.stats()).per_account[`+${MAIN}`]?.waiting, TOLD)
  await deaf.end(undefined)
  assert.equal(account.creds.myAppStateKeyId, undefined)
  await opened(rig.connect(account))
  await rig.greeted(account)
  assert.equal(account.creds.me?.name, 'Alice')
})
