import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type BinaryNode,
  encodeSignedDeviceIdentity,
  getBinaryNodeChild,
  getBinaryNodeChildBuffer,
  type WASocket,
} from '@whiskeysockets/baileys'
import type { ViolationKind } from '../store/mail/tallies.ts'
import { eventOf, nextText, statusesOf } from './plain-client.ts'
import { CONTACT, jid, type Linked, MAIN, Rig } from './rig.ts'
import { flipped, tampered } from './tampering.ts'

const REFUSED = 0

test('a tampered ciphertext does not arrive and is a violation; untouched it arrives', async t => {
  const rig = await Rig.start(t)
  rig.provokes('bad-ciphertext')
  await rig.ask('POST', '/phones', { number: CONTACT })
  let isTampering = true
  const ciphertext = (_jid: string, bytes: Buffer) => (isTampering ? flipped(bytes) : bytes)
  const { sock } = await rig.linked(MAIN, { ...tampered({ ciphertext }), maxMsgRetryCount: 0 })
  await sock.sendMessage(jid(CONTACT), { text: 'tampered' })
  await rig.eventually(async () => (await rig.violations()).slice(0, 2), ['bad-ciphertext', 'bad-ciphertext'])
  assert.deepEqual(await rig.inbox(CONTACT), [])
  isTampering = false
  await sock.sendMessage(jid(CONTACT), { text: 'untouched' })
  assert.deepEqual(
    (await rig.inboxOf(CONTACT, 1)).map(({ text }) => text?.body),
    ['untouched'],
  )
})

test('a phone that could not decrypt asks again and gets the message once the sender does it right', async t => {
  const rig = await Rig.start(t)
  rig.provokes('bad-ciphertext')
  await rig.ask('POST', '/phones', { number: CONTACT })
  let left = 1
  const ciphertext = (to: string, bytes: Buffer) =>
    to.startsWith(CONTACT) && left-- > 0 ? flipped(bytes) : bytes
  const { sock } = await rig.linked(MAIN, tampered({ ciphertext }))
  const sent = await sock.sendMessage(jid(CONTACT), { text: 'second try' })
  assert.deepEqual(
    (await rig.inboxOf(CONTACT, 1)).map(({ id }) => id),
    [sent?.key.id],
  )
  assert.deepEqual(await rig.violations(), ['bad-ciphertext'])
})

test('a session opened with a one-time key that the phone never gave out is a violation', async t => {
  const rig = await Rig.start(t)
  rig.provokes('unknown-prekey')
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN, {
    ...tampered({ bundle: session => ({ ...session, preKey: { ...key(session.preKey), keyId: 77_777 } }) }),
    maxMsgRetryCount: 0,
  })
  await sock.sendMessage(jid(CONTACT), { text: 'x' })
  await rig.eventually(async () => [...new Set(await rig.violations())], ['unknown-prekey'])
  assert.deepEqual(await rig.inbox(CONTACT), [])

  function key<T>(preKey: T | undefined): T {
    assert.ok(preKey)
    return preKey
  }
})

test('an account asks again for what it cannot decrypt, and the phone sends it anew', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  const first = nextText(sock)
  await rig.send(CONTACT, MAIN, 'opens the session')
  await first
  await sock.sendMessage(jid(CONTACT), { text: 'so that the phone drops its pkmsg' })
  await rig.inboxOf(CONTACT, 1)
  const { lid } = await rig.ask<{ lid: string }>('GET', `/phones/${CONTACT}`)
  await account.keys.set({ session: { [`${lid}_1.0`]: null } })
  const second = eventOf(sock, 'messages.update', updates =>
    updates.find(({ update }) => update.message?.conversation === 'readable at last'),
  )
  const arrival = nextText(sock)
  await rig.send(CONTACT, MAIN, 'readable at last')
  assert.equal(
    (await Promise.race([arrival, second.then(() => ({ text: 'readable at last' }))])).text,
    'readable at last',
  )
  assert.deepEqual(await rig.violations(), [])
})

test('an id used for a second content is a violation and is not filed; the same content again is a repeat', async t => {
  const rig = await Rig.start(t)
  rig.provokes('message-id-reused')
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const messageId = '3EB0AAAABBBBCCCCDDDD11'
  await sock.sendMessage(jid(CONTACT), { text: 'said' }, { messageId })
  await rig.inboxOf(CONTACT, 1)
  await sock.sendMessage(jid(CONTACT), { text: 'said' }, { messageId })
  await rig.eventually(async () => (await rig.stats()).repeats, 1)
  assert.deepEqual(await rig.violations(), [])
  await sock.sendMessage(jid(CONTACT), { text: 'something else' }, { messageId })
  await rig.eventually(async () => [...new Set(await rig.violations())], ['message-id-reused'])
  assert.deepEqual(
    (await rig.inbox(CONTACT)).map(({ text }) => text?.body),
    ['said'],
  )
})

const STANZAS: readonly { name: string; want: ViolationKind; change(node: BinaryNode): BinaryNode }[] = [
  {
    name: 'a message without a type',
    want: 'malformed-stanza',
    change: ({ attrs: { type: _, ...attrs }, ...node }) => ({ ...node, attrs }),
  },
  {
    name: 'a first message without the device identity',
    want: 'malformed-stanza',
    change: node => ({ ...node, content: parts(node).filter(({ tag }) => tag !== 'device-identity') }),
  },
  {
    name: "a device list without the contact's phone",
    want: 'wrong-device-list',
    change: node => listed(node, list => list.filter(({ attrs }) => !attrs.jid?.startsWith(CONTACT))),
  },
  {
    name: 'a device that does not exist',
    want: 'wrong-device-list',
    change: node =>
      listed(node, list => list.map(part => ({ ...part, attrs: { jid: `${CONTACT}:9@s.whatsapp.net` } }))),
  },
  {
    name: "a third user's phone in the device list",
    want: 'wrong-device-list',
    change: node => listed(node, list => list.map(part => ({ ...part, attrs: { jid: jid('12025550103') } }))),
  },
]

test('refuses with 479 what is addressed or formed wrongly, and takes the message as it should be', async t => {
  const rig = await Rig.start(t)
  rig.provokes(...STANZAS.map(({ want }) => want))
  for (const number of [CONTACT, '12025550103']) await rig.ask('POST', '/phones', { number })
  const linked = await rig.linked(MAIN, { emitOwnEvents: false })
  for (const [index, { name, want, change }] of STANZAS.entries()) {
    await t.test(name, async () => {
      const messageId = `3EB0AAAABBBBCCCCDDDD0${index}`
      const statuses = statusesOf(linked.sock, () => messageId)
      const original = await compose(linked, messageId)
      await linked.sock.sendNode(change(original))
      await rig.eventually(() => statuses, [REFUSED])
      assert.deepEqual((await rig.violations()).slice(index), [want])
      assert.equal((await rig.inbox(CONTACT)).length, index)
      await linked.sock.sendNode(original)
      assert.equal((await rig.inboxOf(CONTACT, index + 1)).at(-1)?.id, messageId)
    })
  }
})

test('a ciphertext for the own phone that names another chat is a violation', async t => {
  const rig = await Rig.start(t)
  rig.provokes('wrong-destination')
  await rig.ask('POST', '/phones', { number: CONTACT })
  await rig.ask('POST', '/phones', { number: '12025550103' })
  const linked = await rig.linked(MAIN)
  const original = await compose(linked, '3EB0AAAABBBBCCCCDDDD33')
  const own = listed(original, list => list.filter(({ attrs }) => attrs.jid?.startsWith(MAIN)))
  await linked.sock.sendNode({ ...own, attrs: { ...own.attrs, to: jid('12025550199') } })
  await rig.eventually(() => rig.violations(), ['wrong-destination'])
})

test('refuses a signed prekey whose signature is not by the linked identity', async t => {
  const rig = await Rig.start(t)
  rig.provokes('bad-signature')
  const { account, sock } = await rig.linked(MAIN)
  await sock.rotateSignedPreKey()
  assert.deepEqual(await rig.violations(), [])
  const { keyPair, keyId, signature } = account.creds.signedPreKey
  const skey = {
    tag: 'skey',
    attrs: {},
    content: [
      { tag: 'id', attrs: {}, content: Buffer.from([0, 0, keyId]) },
      { tag: 'value', attrs: {}, content: keyPair.public },
      { tag: 'signature', attrs: {}, content: flipped(Buffer.from(signature)) },
    ],
  }
  const attrs = { to: 's.whatsapp.net', type: 'set', xmlns: 'encrypt' }
  const iq = { tag: 'iq', attrs, content: [{ tag: 'rotate', attrs: {}, content: [skey] }] }
  await assert.rejects(sock.query(iq), /bad-request/)
  assert.deepEqual(await rig.violations(), ['bad-signature'])
})

test('gives every one-time key of a device and of a phone away once', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const { lid } = await rig.ask<{ lid: string }>('GET', `/phones/${CONTACT}`)
  for (const jid of [String(sock.user?.lid), `${lid}@lid`]) {
    const given = []
    for (let n = 0; n < 3; n++) given.push(await oneTimeKey(sock, jid))
    assert.equal(new Set(given).size, 3, jid)
  }
})

test('asks a device for more one-time keys when they run low', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  const before = account.creds.nextPreKeyId
  await rig.ask('POST', '/faults', { kind: 'prekeys-low' })
  await rig.eventually(() => account.creds.nextPreKeyId > before, true)
  const arrival = nextText(sock)
  await rig.send(CONTACT, MAIN, 'with a new key')
  assert.equal((await arrival).text, 'with a new key')
})

/** The stanza for a text to the contact, put together with Baileys' own parts and not yet sent. */
async function compose({ account, sock }: Linked, id: string): Promise<BinaryNode> {
  const message = { conversation: `text of ${id}` }
  const copy = { deviceSentMessage: { destinationJid: jid(CONTACT), message } }
  await sock.getUSyncDevices([jid(MAIN), jid(CONTACT)], false, false)
  const own = await sock.createParticipantNodes([jid(MAIN)], copy)
  const other = await sock.createParticipantNodes([jid(CONTACT)], message)
  const content = [
    { tag: 'participants', attrs: {}, content: [...own.nodes, ...other.nodes] },
    {
      tag: 'device-identity',
      attrs: {},
      content: encodeSignedDeviceIdentity(account.creds.account ?? {}, true),
    },
  ]
  return { tag: 'message', attrs: { id, to: jid(CONTACT), type: 'text' }, content }
}

/** The public one-time key in the bundle that the server gives for a device. */
async function oneTimeKey(sock: WASocket, of: string): Promise<string> {
  const content = [{ tag: 'key', attrs: {}, content: [{ tag: 'user', attrs: { jid: of } }] }]
  const attrs = { to: 's.whatsapp.net', type: 'get', xmlns: 'encrypt' }
  const answer: BinaryNode = await sock.query({ tag: 'iq', attrs, content })
  const user = getBinaryNodeChild(getBinaryNodeChild(answer, 'list'), 'user')
  const key = getBinaryNodeChildBuffer(getBinaryNodeChild(user, 'key'), 'value')
  assert.equal(key?.length, 32)
  return Buffer.from(key ?? []).toString('hex')
}

function parts(node: BinaryNode): BinaryNode[] {
  return Array.isArray(node.content) ? node.content : []
}

function listed(node: BinaryNode, change: (list: BinaryNode[]) => BinaryNode[]): BinaryNode {
  const content = parts(node).map(part =>
    part.tag === 'participants' ? { ...part, content: change(parts(part)) } : part,
  )
  return { ...node, content }
}
