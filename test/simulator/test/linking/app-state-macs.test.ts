import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  type BinaryNode,
  chatModificationToAppPatch,
  encodeSyncdPatch,
  newLTHashState,
  proto,
} from '@whiskeysockets/baileys'
import { CONTACT, jid, MAIN, Rig } from '../rig.ts'
import { type Newcomer, newcomer, stateLog } from './newcomer.ts'

const CHAT = `/phones/${MAIN}/chats/${CONTACT}`
const COLLECTION = 'regular_low'
const VALUE_MAC_BYTES = 32

async function linked(
  t: TestContext,
): Promise<{ rig: Rig; device: Newcomer; lines: (about: string) => string[] }> {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN, name: 'Alice' })
  await rig.ask('POST', '/phones', { number: CONTACT, name: 'Bob' })
  const { logger, lines } = stateLog()
  const device = await newcomer(rig, { logger })
  await rig.greeted(device.account)
  return { rig, device, lines }
}

/** A patch that pins the chat, as Baileys itself makes it. */
async function ownPatch({ account }: Newcomer): Promise<proto.ISyncdPatch> {
  const { creds, keys } = account
  const known = await keys.get('app-state-sync-version', [COLLECTION])
  const { patch } = await encodeSyncdPatch(
    chatModificationToAppPatch({ pin: true }, jid(CONTACT)),
    String(creds.myAppStateKeyId),
    known[COLLECTION] ?? newLTHashState(),
    async id => (await keys.get('app-state-sync-key', [id]))[id] ?? null,
  )
  return patch
}

/** Uploads a patch for a version; gives the code of the refusal and how many patches came with it. */
async function upload(
  { sock }: Newcomer,
  patch: proto.ISyncdPatch,
  version: number,
): Promise<{ code: string | undefined; version: string | undefined; patches: number }> {
  const bytes = proto.SyncdPatch.encode(patch).finish()
  const attrs = { name: COLLECTION, version: String(version), return_snapshot: 'false' }
  const content = [{ tag: 'collection', attrs, content: [{ tag: 'patch', attrs: {}, content: bytes }] }]
  const answer: BinaryNode = await sock.query({
    tag: 'iq',
    attrs: { to: 's.whatsapp.net', type: 'set', xmlns: 'w:sync:app:state' },
    content: [{ tag: 'sync', attrs: {}, content }],
  })
  const collection = inside(inside(answer, 'sync'), 'collection')
  const patches = inside(collection, 'patches')?.content
  return {
    code: inside(collection, 'error')?.attrs.code,
    version: collection?.attrs.version,
    patches: Array.isArray(patches) ? patches.length : 0,
  }
}

function inside(node: BinaryNode | undefined, tag: string): BinaryNode | undefined {
  return Array.isArray(node?.content) ? node.content.find(each => each.tag === tag) : undefined
}

async function isPinned(rig: Rig): Promise<boolean> {
  const { data } = await rig.ask<{ data: { chat: string; pinned: boolean }[] }>(
    'GET',
    `/phones/${MAIN}/chats`,
  )
  return data.find(({ chat }) => chat === `+${CONTACT}`)?.pinned === true
}

function flipped(bytes: Uint8Array | null | undefined, fromTheEnd = 1): Buffer {
  const copy = Buffer.from(bytes ?? [])
  copy.writeUInt8(copy.readUInt8(copy.length - fromTheEnd) ^ 1, copy.length - fromTheEnd)
  return copy
}

const SPOILT: readonly {
  readonly what: string
  readonly detail: RegExp
  spoil(patch: proto.ISyncdPatch): void
}[] = [
  {
    what: 'the MAC of the patch',
    detail: /its MAC is wrong/,
    spoil(patch) {
      patch.patchMac = flipped(patch.patchMac)
    },
  },
  {
    what: 'the MAC of what it leads to',
    detail: /its MAC is wrong/,
    spoil(patch) {
      patch.snapshotMac = flipped(patch.snapshotMac)
    },
  },
  {
    what: 'the value of a mutation',
    detail: /the MAC of a value is wrong/,
    spoil({ mutations }) {
      const value = mutations?.[0]?.record?.value
      if (value != null) value.blob = flipped(value.blob, VALUE_MAC_BYTES + 1)
    },
  },
  {
    what: 'the index of a mutation',
    detail: /the MAC of an index is wrong/,
    spoil({ mutations }) {
      const index = mutations?.[0]?.record?.index
      if (index != null) index.blob = flipped(index.blob)
    },
  },
  {
    what: 'the key that it names',
    detail: /a key that the phone never made/,
    spoil(patch) {
      patch.keyId = { id: flipped(patch.keyId?.id) }
    },
  },
]

test('a patch of which anything is spoilt is refused and a violation; as it was, it is taken', async t => {
  const { rig, device } = await linked(t)
  rig.provokes('bad-app-state')
  for (const { what, detail, spoil } of SPOILT) {
    await t.test(what, async () => {
      const patch = await ownPatch(device)
      spoil(patch)
      assert.deepEqual(await upload(device, patch, 0), { code: '400', version: undefined, patches: 0 })
      const { last_violations } = await rig.stats()
      assert.equal(last_violations.at(-1)?.kind, 'bad-app-state')
      assert.match(String(last_violations.at(-1)?.detail), detail)
      assert.equal(await isPinned(rig), false)
    })
  }
  assert.equal((await rig.stats()).violations, SPOILT.length)
  const taken = await upload(device, await ownPatch(device), 0)
  assert.deepEqual(taken, { code: undefined, version: '1', patches: 0 })
  assert.equal(await isPinned(rig), true)
})

test('a patch for a version that is past is a conflict, told with what was missed, and no violation', async t => {
  const { rig, device } = await linked(t)
  const patch = await ownPatch(device)
  await rig.ask('PATCH', CHAT, { archived: true })
  await rig.eventually(() => device.chats.at(-1)?.archived, true)
  assert.deepEqual(await upload(device, patch, 0), { code: '409', version: '1', patches: 1 })
  assert.equal(await isPinned(rig), false)
  assert.equal((await upload(device, await ownPatch(device), 1)).version, '2')
  assert.equal(await isPinned(rig), true)
  assert.equal((await rig.stats()).violations, 0)
})

test('a device that has lost count of its state has its patch refused', async t => {
  const { rig, device } = await linked(t)
  rig.provokes('bad-app-state')
  await rig.ask('PATCH', CHAT, { archived: true })
  await rig.eventually(() => device.chats.at(-1)?.archived, true)
  const { keys } = device.account
  const known = await keys.get('app-state-sync-version', [COLLECTION])
  const state = known[COLLECTION] ?? newLTHashState()
  await keys.set({ 'app-state-sync-version': { [COLLECTION]: { ...state, hash: flipped(state.hash) } } })
  await device.sock.chatModify({ pin: true }, jid(CONTACT))
  assert.equal(await isPinned(rig), false)
  assert.match(String((await rig.stats()).last_violations.at(-1)?.detail), /made for another state/)
})

for (const mac of ['patch', 'value'] as const) {
  test(`wrong-mac: a device that checks MACs does not believe a patch whose ${mac} was spoilt`, async t => {
    const { rig, device, lines } = await linked(t)
    await rig.ask('POST', '/faults', { kind: 'wrong-mac', account: MAIN, mac })
    await rig.ask('PATCH', CHAT, { archived: true })
    const complaint = mac === 'patch' ? 'failed to decode patch' : 'LTHash verification failed'
    await rig.eventually(() => lines(complaint).length, 1)
    assert.deepEqual(device.chats, [])
    await rig.ask('PATCH', `/phones/${MAIN}/chats/${CONTACT}`, { muted_until: 'always' })
    await rig.eventually(() => device.chats.at(-1)?.muteEndTime, -1)
  })
}

test('a new key is handed to the devices, and both sides go on with it', async t => {
  const { rig, device } = await linked(t)
  await rig.ask('PATCH', CHAT, { archived: true })
  await rig.eventually(() => device.chats.length, 1)
  const before = device.account.creds.myAppStateKeyId
  const { key_id } = await rig.ask<{ key_id: string }>('POST', `/phones/${MAIN}/state-key`)
  assert.notEqual(key_id, before)
  await rig.eventually(() => device.account.creds.myAppStateKeyId, key_id)
  await rig.ask('PATCH', CHAT, { archived: false })
  await rig.eventually(() => device.chats.at(-1)?.archived, false)
  await device.sock.chatModify({ pin: true }, jid(CONTACT))
  assert.equal(await isPinned(rig), true)
  const second = await newcomer(rig)
  await rig.greeted(second.account)
  const versions = async ({ account }: Newcomer) => {
    const known = await account.keys.get('app-state-sync-version', [COLLECTION])
    return [known[COLLECTION]?.version, hex(known[COLLECTION]?.hash)]
  }
  assert.deepEqual(await versions(second), await versions(device))
  await second.sock.chatModify({ pin: false }, jid(CONTACT))
  assert.equal(await isPinned(rig), false)
  assert.equal((await rig.stats()).violations, 0)
})

function hex(hash: Uint8Array | undefined): string {
  return hash === undefined ? '' : Buffer.from(hash).toString('hex')
}

test('a device that has removed a contact has lost count of its address book, and is refused', async t => {
  const { rig, device } = await linked(t)
  rig.provokes('bad-app-state')
  const { sock } = device
  await sock.addOrEditContact(jid(CONTACT), { fullName: 'Robert Miller' })
  await sock.removeContact(jid(CONTACT))
  assert.equal((await rig.stats()).violations, 0)
  await sock.addOrEditContact(jid(CONTACT), { fullName: 'Bob Miller' })
  assert.match(String((await rig.stats()).last_violations.at(-1)?.detail), /made for another state/)
  const other = await newcomer(rig)
  await rig.greeted(other.account)
  await other.sock.addOrEditContact(jid(CONTACT), { fullName: 'Bob Miller' })
  assert.equal((await rig.stats()).violations, 1)
})
