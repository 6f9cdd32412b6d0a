import assert from 'node:assert/strict'
import { test } from 'node:test'
import { downloadMediaMessage, proto, type UserFacingSocketConfig } from '@whiskeysockets/baileys'
import { silentLogger } from '../../phones/signal/silence.ts'
import { sha256, trusting } from '../content/chat.ts'
import { CONTACT, jid, MAIN, Rig, until } from '../rig.ts'
import { insideNetwork, type Newcomer, newcomer } from './newcomer.ts'

const { HistorySyncType } = proto.HistorySync
const { StubType } = proto.WebMessageInfo
/** Baileys asks for everything with the one, and takes it with the other. */
const EVERYTHING = { syncFullHistory: true, shouldSyncHistoryMessage: () => true }
const TEXTS = 36
const LATER = '2099-01-01T00:00:00.000Z'
const RECENT = 30

/** Somebody whom the phone has written with before it was linked: more than is recent. */
async function talk(rig: Rig): Promise<readonly string[]> {
  await rig.ask('POST', '/phones', { number: MAIN, name: 'Alice' })
  await rig.ask('POST', '/phones', { number: CONTACT, name: 'Bob' })
  const ids: string[] = []
  for (let n = 0; n < TEXTS; n++) {
    const [from, to] = n % 3 === 0 ? [MAIN, CONTACT] : [CONTACT, MAIN]
    ids.push(await rig.send(from, to, `text ${n}`))
  }
  await rig.inboxOf(MAIN, ids.filter((_, n) => n % 3 !== 0).length)
  return ids
}

type Line = readonly [id: string, text: string | undefined, fromMe: boolean, chat: string]

function lines({ sets }: Newcomer): readonly Line[] {
  return sets
    .flatMap(({ messages }) => messages)
    .map(({ key, message }): Line => {
      const text = message?.conversation || message?.extendedTextMessage?.text
      return [String(key.id), text ?? undefined, key.fromMe === true, String(key.remoteJid)]
    })
    .toSorted(([one], [other]) => one.localeCompare(other))
}

/** What the phone itself shows of its talk, as the messages of a history are listed. */
async function onPhone(rig: Rig): Promise<readonly Line[]> {
  const received = (await rig.inbox(MAIN)).map(({ id, text }): Line => [id, text?.body, false, jid(CONTACT)])
  const sent = (await rig.sent(MAIN)).map(({ id, text }): Line => [id, text?.body, true, jid(CONTACT)])
  return [...received, ...sent].toSorted(([one], [other]) => one.localeCompare(other))
}

const HISTORIES: readonly {
  readonly name: string
  readonly phone: string
  readonly config: Partial<UserFacingSocketConfig>
  readonly messages: number
  readonly parts: number
}[] = [
  { name: 'none at all', phone: 'none', config: EVERYTHING, messages: 0, parts: 1 },
  { name: 'what is recent', phone: 'recent', config: EVERYTHING, messages: RECENT, parts: 4 },
  {
    name: 'all to who asks for it',
    phone: 'full',
    config: EVERYTHING,
    messages: TEXTS,
    parts: 5,
  },
  {
    name: 'what is recent to who does not ask for all',
    phone: 'full',
    config: { ...EVERYTHING, syncFullHistory: false },
    messages: RECENT,
    parts: 4,
  },
]

for (const { name, phone, config, messages, parts } of HISTORIES) {
  test(`a phone sends a new device of its history: ${name}`, async t => {
    const rig = await Rig.start(t)
    const ids = await talk(rig)
    await rig.ask('POST', '/phones', { number: MAIN, history: phone })
    const device = await newcomer(rig, config)
    await rig.greeted(device.account, parts)
    const wanted = new Set(ids.slice(ids.length - messages))
    await rig.eventually(
      () => lines(device),
      (await onPhone(rig)).filter(([id]) => wanted.has(id)),
    )
    const [chat] = device.sets.flatMap(({ chats }) => chats)
    assert.equal(chat?.id, messages === 0 ? undefined : jid(CONTACT))
    const { violations, unanswered } = await rig.stats()
    assert.deepEqual({ violations, unanswered }, { violations: 0, unanswered: [] })
  })
}

test('a history has the names, LIDs and settings of its chats, and groups in which nothing was said', async t => {
  const rig = await Rig.start(t)
  await talk(rig)
  const { lid } = await rig.ask<{ lid: string }>('GET', `/phones/${CONTACT}`)
  await rig.ask('PUT', `/phones/${MAIN}/contacts/${CONTACT}`, { name: 'Robert Miller' })
  await rig.ask('PATCH', `/phones/${MAIN}/chats/${CONTACT}`, { archived: true, muted_until: LATER })
  const group = await rig.ask<{ id: string }>('POST', '/groups', {
    subject: 'Quiet',
    participants: [MAIN, CONTACT],
  })
  const device = await newcomer(rig)
  await rig.greeted(device.account)
  const people = () => Object.assign({}, ...contactsOf(device, jid(CONTACT)))
  await rig.eventually(() => people(), {
    id: jid(CONTACT),
    name: 'Robert Miller',
    lid: `${lid}@lid`,
    notify: 'Bob',
    phoneNumber: jid(CONTACT),
    username: undefined,
  })
  const chats = device.sets.flatMap(set => set.chats)
  const chat = chats.find(({ id }) => id === jid(CONTACT))
  assert.equal(chat?.archived, true)
  assert.equal(Number(chat?.muteEndTime), Date.parse(LATER))
  assert.equal(chats.find(({ id }) => id === group.id)?.name, 'Quiet')
  const known = await device.account.keys.get('lid-mapping', [CONTACT])
  assert.equal(known[CONTACT], lid)
})

function contactsOf({ sets }: Newcomer, id: string): readonly object[] {
  return sets.flatMap(({ contacts }) => contacts.filter(contact => contact.id === id))
}

test('what was said about a message stands in the message', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN })
  await rig.ask('POST', '/phones', { number: CONTACT })
  const say = async (type: string, member: unknown) =>
    (await rig.ask<{ id: string }>('POST', `/phones/${CONTACT}/send`, { to: MAIN, type, [type]: member })).id
  const loved = await say('text', { body: 'loved' })
  const mended = await say('text', { body: 'mnded' })
  const gone = await say('text', { body: 'gone' })
  const poll = await say('poll', { name: 'Lunch?', options: ['Soup', 'Salad'] })
  await say('edit', { message_id: mended, body: 'mended' })
  await say('revoke', { message_id: gone })
  await say('ephemeral', { seconds: 86_400 })
  await rig.inboxOf(MAIN, 7)
  await rig.ask('POST', `/phones/${MAIN}/react`, { message_id: loved, emoji: '❤' })
  await rig.ask('POST', `/phones/${MAIN}/vote`, { message_id: poll, options: ['Salad'] })
  await rig.ask('POST', `/phones/${MAIN}/star`, { message_id: mended })
  const device = await newcomer(rig)
  await rig.greeted(device.account)
  const found = await until(
    () => device.sets.flatMap(set => set.messages),
    all => all.length === 4,
  )
  const shown = new Map(found.map(message => [message.key.id, message]))
  assert.deepEqual([...shown.keys()].toSorted(), [loved, mended, gone, poll].toSorted())
  assert.deepEqual(
    shown.get(loved)?.reactions?.map(({ text, key }) => [text, key?.fromMe]),
    [['❤', true]],
  )
  assert.equal(shown.get(mended)?.message?.conversation, 'mended')
  assert.equal(shown.get(mended)?.starred, true)
  assert.equal(shown.get(gone)?.message ?? null, null)
  assert.equal(shown.get(gone)?.messageStubType, StubType.REVOKE)
  const chosen = shown.get(poll)?.pollUpdates?.flatMap(({ vote }) => vote?.selectedOptions ?? [])
  assert.deepEqual(
    chosen?.map(option => Buffer.from(option).toString('hex')),
    [sha256(Buffer.from('Salad'))],
  )
  const [chat] = device.sets.flatMap(set => set.chats)
  assert.equal(chat?.ephemeralExpiration, 86_400)
})

test('a picture of the history can be fetched and is the one that the phone has', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN })
  await rig.ask('POST', '/phones', { number: CONTACT })
  const image = { size: 5_000, mime_type: 'image/jpeg' }
  await rig.ask('POST', `/phones/${CONTACT}/send`, { to: MAIN, type: 'image', image })
  const [entry] = await rig.inboxOf(MAIN, 1)
  const config = trusting(t, rig.simulator.mediaCa)
  const device = await newcomer(rig, config)
  const [message] = await until(
    () => device.sets.flatMap(set => set.messages),
    all => all.length > 0,
  )
  assert.ok(message)
  const context = { logger: silentLogger, reuploadRequest: device.sock.updateMediaMessage }
  const bytes = await downloadMediaMessage(message, 'buffer', { options: config.options ?? {} }, context)
  assert.equal(sha256(bytes), entry?.media_sha256)
})

test('a history on the media host is fetched from there, part by part, and is the same', async t => {
  const rig = await Rig.start(t)
  await talk(rig)
  await rig.ask('POST', '/phones', { number: MAIN, blobs: 'external' })
  const config = { ...insideNetwork(t, rig.simulator), ...EVERYTHING }
  const device = await newcomer(rig, config)
  await rig.greeted(device.account, 5)
  await rig.eventually(() => lines(device), await onPhone(rig))
  const types = new Set(device.sets.map(({ syncType }) => syncType))
  assert.ok(types.size > 0 && !types.has(HistorySyncType.ON_DEMAND))
  assert.equal((await rig.stats()).violations, 0)
})

test('a device without the media host has what was inside a message, and nothing of what lies there', async t => {
  const rig = await Rig.start(t)
  await talk(rig)
  await rig.ask('POST', '/phones', { number: MAIN, blobs: 'external' })
  await rig.ask('POST', '/faults', { kind: 'media-404', for_ms: 60_000 })
  const device = await newcomer(rig, { ...insideNetwork(t, rig.simulator), ...EVERYTHING })
  await rig.eventually(() => lines(device).length, 3)
  await rig.eventually(() => device.account.creds.processedHistoryMessages.length, 5)
  assert.equal(lines(device).length, 3)
})
