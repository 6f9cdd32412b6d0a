import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_CONNECTION_CONFIG } from '@whiskeysockets/baileys'
import { silentLog } from '../../app/lib/log.ts'
import { muteConsole } from '../../app/whatsapp/socket/library-log.ts'
import { withHarmlessTrials } from '../../app/whatsapp/socket/trials.ts'
import {
  bundleOf,
  type MakeRepository,
  memoryKeys,
  type SignalDevice,
  signalDevice,
} from './signal-device.ts'

const { makeSignalRepository } = DEFAULT_CONNECTION_CONFIG
const ROUNDS = 8

muteConsole(silentLog) // the library prints what it fails on

test('two devices that begin a session with each other at once read everything that follows', async () => {
  const unread = await talkAfterCrossing(makeSignalRepository)
  assert.ok(unread > 0, 'the library has learned to try in vain without harm: withHarmlessTrials can go')
  assert.equal(await talkAfterCrossing(withHarmlessTrials(makeSignalRepository)), 0)
})

test('a ciphertext that fits no session leaves all of them as they were, and none opens twice', async () => {
  const [here, there] = await crossed(withHarmlessTrials(makeSignalRepository))
  const said = await say(here)
  const broken = Buffer.from(said.ciphertext)
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
  await assert.rejects(read(there, { ...said, ciphertext: broken }), /No matching sessions/)
  assert.equal(await read(there, said), 'a message')
  await assert.rejects(read(there, said), /No matching sessions/)
  assert.equal(await read(here, await say(there)), 'a message')
})

type Side = SignalDevice & { readonly peer: string }
type Sealed = { readonly type: 'pkmsg' | 'msg'; readonly ciphertext: Uint8Array }

/** Two devices, each of which has written its first message to the other before it read the other's. */
async function crossed(make: MakeRepository): Promise<readonly [Side, Side]> {
  const here = { ...signalDevice(make, memoryKeys()), peer: '100000000000002@lid' }
  const there = { ...signalDevice(make, memoryKeys()), peer: '100000000000001@lid' }
  await here.repository.injectE2ESession({ jid: here.peer, session: bundleOf(there) })
  await there.repository.injectE2ESession({ jid: there.peer, session: bundleOf(here) })
  const [first, second] = [await say(here), await say(there)]
  await read(there, first)
  await read(here, second)
  return [here, there]
}

/** How many messages cannot be read when both sides go on to write in turn. */
async function talkAfterCrossing(make: MakeRepository): Promise<number> {
  const [here, there] = await crossed(make)
  let unread = 0
  for (let round = 0; round < ROUNDS; round++) {
    const [forth, back] = [await say(here), await say(there)]
    await read(there, forth).catch(() => unread++)
    await read(here, back).catch(() => unread++)
  }
  return unread
}

function say({ repository, peer }: Side): Promise<Sealed> {
  return repository.encryptMessage({ jid: peer, data: Buffer.from('a message') })
}

async function read({ repository, peer }: Side, { type, ciphertext }: Sealed): Promise<string> {
  return Buffer.from(await repository.decryptMessage({ jid: peer, type, ciphertext })).toString()
}
