import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { WAMessage } from '@whiskeysockets/baileys'
import { COLLECTIONS } from '../../phones/app-state/held.ts'
import type { Account } from '../plain-client.ts'
import { CONTACT, jid, MAIN, Rig, until } from '../rig.ts'
import { insideNetwork, type Newcomer, newcomer, stateLog } from './newcomer.ts'

const LATER = '2099-01-01T00:00:00.000Z'
/** Somebody in the address book with whom nothing was ever said. */
const SILENT = '12025550102'
const CHAT = `/phones/${MAIN}/chats/${CONTACT}`

type Chat = Readonly<Record<string, unknown>>

/** Two people and a device of the first one, which has had all that its phone tells a new one. */
async function linked(t: TestContext): Promise<{ rig: Rig; device: Newcomer }> {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN, name: 'Alice' })
  await rig.ask('POST', '/phones', { number: CONTACT, name: 'Bob' })
  const device = await newcomer(rig)
  await rig.greeted(device.account)
  return { rig, device }
}

async function chatOnPhone(rig: Rig): Promise<Chat> {
  const { data } = await rig.ask<{ data: readonly Chat[] }>('GET', `/phones/${MAIN}/chats`)
  return data.find(({ chat }) => chat === `+${CONTACT}`) ?? {}
}

/** The versions and hashes that a device has arrived at. */
async function stateOf({ keys }: Account): Promise<unknown> {
  const found = await keys.get('app-state-sync-version', [...COLLECTIONS])
  const known = COLLECTIONS.map(name => [name, found[name]?.version ?? 0, hex(found[name]?.hash)])
  return known
}

function hex(hash: Uint8Array | undefined): string {
  return hash === undefined ? '' : Buffer.from(hash).toString('hex')
}

/** A message that has come to the device, as archiving a chat or marking it takes it. */
async function arrived(rig: Rig, { sock }: Newcomer): Promise<WAMessage> {
  const messages: WAMessage[] = []
  sock.ev.on('messages.upsert', upsert => messages.push(...upsert.messages))
  const id = await rig.send(CONTACT, MAIN, 'hello')
  const message = await until(
    () => messages.find(({ key }) => key.id === id),
    found => found !== undefined,
  )
  assert.ok(message)
  return message
}

const SET_ON_PHONE: readonly { readonly asked: object; readonly update: object }[] = [
  { asked: { archived: true }, update: { archived: true } },
  { asked: { archived: false }, update: { archived: false } },
  { asked: { muted_until: LATER }, update: { muteEndTime: Date.parse(LATER) } },
  { asked: { muted_until: 'always' }, update: { muteEndTime: -1 } },
  { asked: { muted_until: null }, update: { muteEndTime: null } },
  { asked: { pinned: false }, update: { pinned: null } },
  { asked: { unread: true }, update: { unreadCount: -1 } },
  { asked: { unread: false }, update: { unreadCount: 0 } },
]

test('what a person sets on the phone comes to a device that checks every MAC', async t => {
  const { rig, device } = await linked(t)
  for (const { asked, update } of SET_ON_PHONE) {
    const before = device.chats.length
    await rig.ask('PATCH', CHAT, asked)
    await rig.eventually(
      () => device.chats.slice(before).map(({ conditional: _, ...said }) => said),
      [{ id: jid(CONTACT), ...update }],
    )
  }
  await rig.ask('PATCH', CHAT, { pinned: true })
  await rig.eventually(() => Number(device.chats.at(-1)?.pinned) > 0, true)
  await rig.ask('PUT', `/phones/${MAIN}/contacts/${CONTACT}`, { name: 'Robert Miller' })
  await rig.eventually(() => device.contacts.at(-1)?.name, 'Robert Miller')
  assert.match(String(device.contacts.at(-1)?.lid), /@lid$/)
  await rig.ask('POST', '/phones', { number: MAIN, name: 'Alicia' })
  await rig.eventually(() => device.account.creds.me?.name, 'Alicia')
  const { violations, unanswered } = await rig.stats()
  assert.deepEqual({ violations, unanswered }, { violations: 0, unanswered: [] })
})

test('a device goes by the name that its user has, from its first log-in', async t => {
  const { device } = await linked(t)
  assert.equal(device.account.creds.me?.name, 'Alice')
})

test('what a person sets on a linked device shows on the phone', async t => {
  const { rig, device } = await linked(t)
  const { sock } = device
  const lastMessages = [await arrived(rig, device)]
  const plain = { chat: `+${CONTACT}`, name: null, message_count: 1, pinned: false, unread: false }
  await sock.chatModify({ archive: true, lastMessages }, jid(CONTACT))
  assert.deepEqual(await chatOnPhone(rig), { ...plain, archived: true, muted_until: null })
  await sock.chatModify({ archive: false, lastMessages }, jid(CONTACT))
  await sock.chatModify({ mute: Date.parse(LATER) }, jid(CONTACT))
  await sock.chatModify({ pin: true }, jid(CONTACT))
  await sock.chatModify({ markRead: false, lastMessages }, jid(CONTACT))
  await sock.addOrEditContact(jid(CONTACT), { fullName: 'Robert Miller', firstName: 'Robert' })
  assert.deepEqual(await chatOnPhone(rig), {
    ...{ ...plain, name: 'Robert Miller', pinned: true, unread: true },
    ...{ archived: false, muted_until: LATER },
  })
  await sock.removeContact(jid(CONTACT))
  assert.deepEqual(await rig.ask('GET', `/phones/${MAIN}/contacts`), { data: [] })
  await sock.updateProfileName('Ally')
  assert.equal((await rig.ask<{ name: string }>('GET', `/phones/${MAIN}`)).name, 'Ally')
  assert.equal((await rig.stats()).violations, 0)
})

test('a second device sees what the first and the phone have set, then and later', async t => {
  const { rig, device: first } = await linked(t)
  await arrived(rig, first)
  await rig.ask('PATCH', CHAT, { archived: true, muted_until: LATER })
  await rig.eventually(() => first.chats.at(-1)?.muteEndTime, Date.parse(LATER))
  await first.sock.chatModify({ pin: true }, jid(CONTACT))
  await first.sock.addOrEditContact(jid(SILENT), { fullName: 'Robert Miller' })
  const second = await newcomer(rig)
  await rig.greeted(second.account)
  const chats = () => second.sets.flatMap(set => set.chats).find(({ id }) => id === jid(CONTACT))
  await rig.eventually(() => chats()?.archived, true)
  assert.equal(Number(chats()?.muteEndTime), Date.parse(LATER))
  assert.ok(Number(chats()?.pinned) > 0)
  await rig.eventually(() => second.contacts.at(-1)?.name, 'Robert Miller')
  assert.deepEqual(await stateOf(second.account), await stateOf(first.account))
  await second.sock.chatModify({ mute: null }, jid(CONTACT))
  await rig.eventually(() => first.chats.at(-1)?.muteEndTime, null)
  await rig.eventually(async () => await stateOf(first.account), await stateOf(second.account))
  assert.equal((await rig.stats()).violations, 0)
})

const MANY = 120

test('a device that has missed many patches gets them by the page', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN })
  await rig.ask('POST', '/phones', { number: CONTACT })
  for (let n = 0; n < MANY; n++) await rig.ask('PATCH', CHAT, { pinned: n % 2 === 0 })
  const { logger, lines } = stateLog()
  const device = await newcomer(rig, { logger })
  await rig.greeted(device.account)
  const known = await device.account.keys.get('app-state-sync-version', ['regular_low'])
  assert.equal(known.regular_low?.version, MANY)
  assert.equal(lines('has more patches').length, 2)
})

test('a device within reach of the media host begins with a snapshot, whose MAC holds', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN, name: 'Alice', blobs: 'external' })
  await rig.ask('POST', '/phones', { number: CONTACT })
  await rig.send(CONTACT, MAIN, 'hello')
  await rig.inboxOf(MAIN, 1)
  await rig.ask('PATCH', CHAT, { archived: true, muted_until: LATER })
  await rig.ask('PATCH', CHAT, { archived: false })
  await rig.ask('POST', '/phones', { number: SILENT })
  await rig.ask('PUT', `/phones/${MAIN}/contacts/${SILENT}`, { name: 'Robert Miller' })
  const log = stateLog()
  const device = await newcomer(rig, { ...insideNetwork(t, rig.simulator), logger: log.logger })
  await rig.greeted(device.account)
  await rig.eventually(() => device.contacts.at(-1)?.name, 'Robert Miller')
  assert.equal(device.account.creds.me?.name, 'Alice')
  assert.equal(log.lines('from snapshot').length, 4)
  assert.deepEqual(log.lines('verification failed'), [])
  await device.sock.chatModify({ pin: true }, jid(CONTACT))
  assert.equal((await chatOnPhone(rig)).pinned, true)
  assert.equal((await rig.stats()).violations, 0)
})
