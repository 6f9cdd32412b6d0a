import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AuthenticationCreds,
  DEFAULT_CONNECTION_CONFIG,
  generateSignalPubKey,
  initAuthCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStoreWithTransaction,
  type SocketConfig,
} from '@whiskeysockets/baileys'
import { silentLog } from '../../app/lib/log.ts'
import { libraryLogger } from '../../app/whatsapp/socket/library-log.ts'
import { inTurns } from '../../app/whatsapp/socket/turns.ts'

type MakeRepository = SocketConfig['makeSignalRepository']

const PERSON = '100000000000001@lid'
const logger = libraryLogger(silentLog, 'main')
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
  for (const [index, { name, creds }] of accounts.entries()) {
    const jid = `20000000000000${index}@lid`
    await person.repository.injectE2ESession({ jid, session: sessionOf(creds) })
    sealed[name] = await person.repository.encryptMessage({ jid, data: Buffer.from(name) })
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

function device(make: MakeRepository, name: string, written: Map<string, Set<string | undefined>>) {
  const creds = initAuthCreds()
  const repository = make({ creds, keys: slowKeys(name, written) }, logger, async () => [])
  return { creds, repository }
}

/** Keys in memory, behind a disk that takes its time. */
function slowKeys(
  name: string,
  written: Map<string, Set<string | undefined>>,
): SignalKeyStoreWithTransaction {
  const kept = new Map<string, unknown>()
  return {
    async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      await sleep(1)
      const found: { [id: string]: SignalDataTypeMap[T] } = {}
      for (const id of ids) {
        const value = kept.get(`${type}|${id}`)
        if (value) found[id] = value as SignalDataTypeMap[T]
      }
      return found
    },
    set(changes: SignalDataSet) {
      if (changes.session !== undefined) {
        written.set(name, (written.get(name) ?? new Set()).add(whose.getStore()))
      }
      for (const [type, values] of Object.entries(changes)) {
        for (const [id, value] of Object.entries(values)) kept.set(`${type}|${id}`, value)
      }
    },
    isInTransaction: () => false,
    transaction: work => work(),
  }
}

function sessionOf({ registrationId, signedIdentityKey, signedPreKey }: AuthenticationCreds) {
  const { keyId, keyPair, signature } = signedPreKey
  return {
    registrationId,
    identityKey: generateSignalPubKey(Buffer.from(signedIdentityKey.public)),
    signedPreKey: { keyId, publicKey: generateSignalPubKey(Buffer.from(keyPair.public)), signature },
  }
}
