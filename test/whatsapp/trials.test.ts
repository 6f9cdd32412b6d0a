import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_CONNECTION_CONFIG } from '@whiskeysockets/baileys'
import { silentLog } from '../../app/lib/log.ts'
import { MOST_RECEIVING_CHAINS, withFewChains } from '../../app/whatsapp/socket/few-chains.ts'
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
const TURNS = 30

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

test('a session keeps as many receiving chains as Signal does, and reads what is late by fewer turns', async () => {
  const sizes: number[] = []
  const keys = () =>
    memoryKeys(undefined, ({ session }) => void sizes.push(JSON.stringify(session ?? {}).length))
  const [here, there] = await begun(withHarmlessTrials(withFewChains(makeSignalRepository)), keys)
  const sent: Sealed[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    await say(there) // the first of each turn is late
    sent.push(await say(there))
    await read(here, await say(there))
    await read(there, await say(here))
  }
  assert.ok(Math.max(...sizes.slice(-4)) < 2 * Math.max(...sizes.slice(0, 20)), sizes.join())
  const late = (turns: number) => sent[TURNS - turns] as Sealed
  assert.equal(await read(here, late(MOST_RECEIVING_CHAINS)), 'a message')
  await assert.rejects(read(here, late(MOST_RECEIVING_CHAINS + 1)), /No matching sessions/)
  assert.equal(await read(here, await say(there)), 'a message', 'what was too late did no harm')
})

type Side = SignalDevice & { readonly peer: string }
type Keys = ReturnType<typeof memoryKeys>
type Sealed = { readonly type: 'pkmsg' | 'msg'; readonly ciphertext: Uint8Array }

/** Two devices, each of which has written its first message to the other before it read the other's. */
async function crossed(make: MakeRepository): Promise<readonly [Side, Side]> {
  const [here, there] = sides(make, memoryKeys)
  await here.repository.injectE2ESession({ jid: here.peer, session: bundleOf(there) })
  await there.repository.injectE2ESession({ jid: there.peer, session: bundleOf(here) })
  const [first, second] = [await say(here), await say(there)]
  await read(there, first)
  await read(here, second)
  return [here, there]
}

/** Two devices, one of which has written to the other. */
async function begun(make: MakeRepository, keys: () => Keys): Promise<readonly [Side, Side]> {
  const [here, there] = sides(make, keys)
  await here.repository.injectE2ESession({ jid: here.peer, session: bundleOf(there) })
  await read(there, await say(here))
  return [here, there]
}

function sides(make: MakeRepository, keys: () => Keys): readonly [Side, Side] {
  return [
    { ...signalDevice(make, keys()), peer: '100000000000002@lid' },
    { ...signalDevice(make, keys()), peer: '100000000000001@lid' },
  ]
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
