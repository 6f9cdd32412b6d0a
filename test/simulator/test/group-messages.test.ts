import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WASocket } from '@whiskeysockets/baileys'
import { nextText, opened } from './plain-client.ts'
import { CONTACT, MAIN, Rig, tempDir } from './rig.ts'

const SECOND = '12025550102'
const THIRD = '12025550103'

for (const addressing of ['lid', 'pn'] as const) {
  test(`every member decrypts what the account and each other write to a group addressed by ${addressing}`, async t => {
    const rig = await Rig.start(t)
    for (const number of [CONTACT, SECOND]) await rig.ask('POST', '/phones', { number })
    const { sock } = await rig.linked(MAIN)
    const other = await rig.linked(THIRD)
    const { id } = await rig.ask<{ id: string }>('POST', '/groups', {
      subject: 'All of us',
      participants: [MAIN, CONTACT, SECOND, THIRD],
      addressing,
    })
    const arrival = nextText(other.sock)
    await sock.sendMessage(id, { text: 'from the account' })
    await arrival
    for (const number of [CONTACT, SECOND]) {
      const [entry] = await rig.inboxOf(number, 1)
      assert.deepEqual([entry?.from, entry?.chat, entry?.text?.body], [`+${MAIN}`, id, 'from the account'])
    }
    for (const body of ['one', 'two']) {
      const both = [nextText(sock), nextText(other.sock)]
      const sentId = await rig.send(CONTACT, id, body)
      for (const { id, text } of await Promise.all(both)) assert.deepEqual([id, text], [sentId, body])
    }
    const texts = async () => (await rig.inbox(SECOND)).map(entry => entry.text?.body)
    await rig.eventually(texts, ['from the account', 'one', 'two'])
    await rig.eventually(async () => (await rig.sent(CONTACT))[0]?.status, 'delivered')
    assert.deepEqual(await rig.violations(), [])
  })
}

type Stanza = { readonly attrs: { readonly type?: string }; readonly content: unknown }

/** The next ciphertext that a sender key opens. */
function nextGroupCiphertext(sock: WASocket): Promise<{ participant: string; bytes: Uint8Array }> {
  return new Promise(resolve => {
    sock.ws.on('CB:message', (node: { attrs: { participant: string }; content: Stanza[] }) => {
      const sealed = node.content.find(({ attrs }) => attrs.type === 'skmsg')
      if (sealed) resolve({ participant: node.attrs.participant, bytes: sealed.content as Uint8Array })
    })
  })
}

test('a phone begins a new sender key when a member is gone, and that one cannot read on', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const stays = await rig.linked(MAIN)
  const goes = await rig.linked(THIRD)
  const participants = [CONTACT, MAIN, THIRD]
  const { id } = await rig.ask<{ id: string }>('POST', '/groups', { subject: 'Us', participants })
  const openAs = async (sock: WASocket, sealed: { participant: string; bytes: Uint8Array }) =>
    sock.signalRepository.decryptGroupMessage({
      group: id,
      authorJid: sealed.participant,
      msg: sealed.bytes,
    })
  const before = nextGroupCiphertext(stays.sock)
  const heard = nextText(goes.sock)
  await rig.send(CONTACT, id, 'all of us')
  assert.equal((await heard).text, 'all of us')
  await assert.rejects(openAs(goes.sock, await before), /old counter/, 'it has this key, and has used it')
  await rig.ask('POST', `/groups/${id}/participants`, { action: 'remove', participants: [THIRD] })
  const after = nextGroupCiphertext(stays.sock)
  const arrival = nextText(stays.sock)
  await rig.send(CONTACT, id, 'without them')
  assert.equal((await arrival).text, 'without them')
  await assert.rejects(openAs(goes.sock, await after), /No session found/)
  await rig.ask('POST', `/groups/${id}/participants`, { action: 'add', participants: [THIRD] })
  const again = nextText(goes.sock)
  await rig.send(CONTACT, id, 'welcome back')
  assert.equal((await again).text, 'welcome back')
  assert.deepEqual(await rig.violations(), [])
})

test('counts what a client sends under a sender key that somebody took along', async t => {
  const rig = await Rig.start(t)
  for (const number of [CONTACT, SECOND]) await rig.ask('POST', '/phones', { number })
  const { account, sock } = await rig.linked(MAIN)
  const participants = [MAIN, CONTACT, SECOND]
  const { id } = await rig.ask<{ id: string }>('POST', '/groups', { subject: 'Us', participants })
  const stale = async () => (await rig.stats()).stale_sender_keys
  await sock.sendMessage(id, { text: 'all of us' })
  await rig.inboxOf(SECOND, 1)
  await rig.ask('POST', `/groups/${id}/participants`, { action: 'remove', participants: [SECOND] })
  await sock.sendMessage(id, { text: 'Baileys goes on with its key' })
  await rig.inboxOf(CONTACT, 2)
  assert.equal(await stale(), 1)
  const [senderKey = ''] = account.names('sender-key').filter(name => name.startsWith(id))
  await account.keys.set({ 'sender-key': { [senderKey]: null }, 'sender-key-memory': { [id]: null } })
  await sock.sendMessage(id, { text: 'with a new key' })
  assert.equal((await rig.inboxOf(CONTACT, 3))[2]?.text?.body, 'with a new key')
  assert.equal(await stale(), 1)
  assert.equal((await rig.inbox(SECOND)).length, 1)
  assert.deepEqual(await rig.violations(), [])
})

test('a message that a member cannot read is sent again, both ways', async t => {
  const rig = await Rig.start(t)
  for (const number of [CONTACT, SECOND]) await rig.ask('POST', '/phones', { number })
  const { account, sock } = await rig.linked(MAIN)
  const participants = [MAIN, CONTACT, SECOND]
  const { id } = await rig.ask<{ id: string }>('POST', '/groups', { subject: 'Us', participants })
  const first = nextText(sock)
  await rig.send(CONTACT, id, 'one')
  await first
  const names = account.names('sender-key')
  await account.keys.set({ 'sender-key': Object.fromEntries(names.map(name => [name, null])) })
  const second = nextText(sock)
  const sentId = await rig.send(CONTACT, id, 'two')
  assert.equal((await second).id, sentId)
  await rig.ask('POST', '/faults', { kind: 'retry-receipt', account: MAIN })
  const sent = await sock.sendMessage(id, { text: 'three' })
  await rig.eventually(async () => (await rig.stats()).repeats, 1)
  for (const number of [CONTACT, SECOND]) {
    const last = async () => (await rig.inbox(number)).map(({ id, text }) => [id, text?.body]).at(-1)
    await rig.eventually(last, [sent?.key.id, 'three'])
  }
  assert.deepEqual(await rig.violations(), [])
})

test('a group, its keys and its link outlive a restart', async t => {
  const rig = await Rig.start(t, { stateDir: tempDir(t) })
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  const { id } = await rig.ask<{ id: string }>('POST', '/groups', {
    subject: 'Us',
    participants: [CONTACT, MAIN],
  })
  const first = nextText(sock)
  await rig.send(CONTACT, id, 'before')
  await first
  await sock.sendMessage(id, { text: 'before, too' })
  await rig.inboxOf(CONTACT, 1)
  const known = await rig.ask('GET', `/groups/${id}`)
  await sock.end(undefined)
  await rig.restart()
  const back = await opened(rig.connect(account))
  assert.deepEqual(await rig.ask('GET', `/groups/${id}`), known)
  const second = nextText(back)
  await rig.send(CONTACT, id, 'after')
  assert.equal((await second).text, 'after')
  await back.sendMessage(id, { text: 'after, too' })
  assert.equal((await rig.inboxOf(CONTACT, 2))[1]?.text?.body, 'after, too')
  assert.deepEqual(await rig.violations(), [])
})

test('refuses what may not be said in a group, and who is not in it', async t => {
  const rig = await Rig.start(t)
  for (const number of [CONTACT, SECOND]) await rig.ask('POST', '/phones', { number })
  const { sock } = await rig.linked(MAIN, { emitOwnEvents: false })
  const participants = [CONTACT, MAIN]
  const { id } = await rig.ask<{ id: string }>('POST', '/groups', { subject: 'Us', participants })
  const errors: (string | undefined)[] = []
  sock.ws.on('CB:ack,class:message', ({ attrs }: { attrs: { error?: string } }) => errors.push(attrs.error))
  await rig.ask('PATCH', `/groups/${id}`, { announcement: true })
  await sock.sendMessage(id, { text: 'may I?' })
  await rig.eventually(() => errors, ['403'])
  await rig.ask('POST', `/groups/${id}/participants`, { action: 'promote', participants: [MAIN] })
  await sock.sendMessage(id, { text: 'now I may' })
  await rig.eventually(() => errors, ['403', undefined])
  assert.equal((await rig.inboxOf(CONTACT, 1))[0]?.text?.body, 'now I may')
  await assert.rejects(rig.send(SECOND, id, 'let me in'), /403 \+12025550102 is not in/)
  assert.deepEqual(await rig.violations(), [])
})
