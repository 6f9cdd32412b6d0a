import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEFAULT_CONNECTION_CONFIG } from '@whiskeysockets/baileys'
import { inTurns } from '../../app/whatsapp/socket/turns.ts'
import { bundleOf, type MakeRepository, memoryKeys, signalDevice } from './signal-device.ts'

const PERSON = '100000000000001@lid'
const whose = new AsyncLocalStorage<string>()

test('what two accounts read of one person at once is written by each for itself', async () => {
  const plain = await readAtOnce(DEFAULT_CONNECTION_CONFIG.makeSignalRepository)
  assert.ok(plain.get('second')?.has('first'), 'the library has learned to keep them apart: inTurns can go')
  const inOrder = await readAtOnce(inTurns(DEFAULT_CONNECTION_CONFIG.makeSignalRepository))
  assert.deepEqual(inOrder.get('first'), new Set(['first']))
  assert.deepEqual(inOrder.get('second'), new Set(['second']))
})

/** Lets two accounts read a message of one person at the same time; in whose context each account's keys were written. */
async function readAtOnce(
  make: MakeRepository,
): Promise<ReadonlyMap<string, ReadonlySet<string | undefined>>> {
  const written = new Map<string, Set<string | undefined>>()
  const person = device(make, 'person', written)
  const accounts = ['first', 'second'].map(name => ({ name, ...device(make, name, written) }))
  const sealed: Record<string, { type: 'pkmsg' | 'msg'; ciphertext: Uint8Array }> = {}
  for (const [index, account] of accounts.entries()) {
    const jid = `20000000000000${index}@lid`
    await person.repository.injectE2ESession({ jid, session: bundleOf(account) })
    sealed[account.name] = await person.repository.encryptMessage({ jid, data: Buffer.from(account.name) })
  }
  written.clear()
  const read = accounts.map(({ name, repository }) =>
    whose.run(name, async () => {
      const { type, ciphertext } = sealed[name] ?? assert.fail()
      return Buffer.from(await repository.decryptMessage({ jid: PERSON, type, ciphertext })).toString()
    }),
  )
  assert.deepEqual(await Promise.all(read), ['first', 'second'])
  return written
}

/** Behind a disk that takes its time. */
function device(make: MakeRepository, name: string, written: Map<string, Set<string | undefined>>) {
  const keys = memoryKeys(
    () => sleep(1),
    ({ session }) => {
      if (session === undefined) return
      written.set(name, (written.get(name) ?? new Set()).add(whose.getStore()))
    },
  )
  return signalDevice(make, keys)
}
