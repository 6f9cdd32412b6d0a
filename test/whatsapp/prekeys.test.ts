import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addTransactionCapability,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  generateSignalPubKey,
  initAuthCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from '@whiskeysockets/baileys'
import { silentLog } from '../../app/lib/log.ts'
import { checkCertificates } from '../../app/whatsapp/socket/certificate.ts'
import { libraryLogger } from '../../app/whatsapp/socket/library-log.ts'
import { withSignedPreKeys } from '../../app/whatsapp/socket/prekeys.ts'

const JID = '12025550102@s.whatsapp.net'
const logger = libraryLogger(silentLog, 'main')

function memoryKeys(): SignalKeyStore {
  const kept = new Map<string, unknown>()
  return {
    async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      const found: { [id: string]: SignalDataTypeMap[T] } = {}
      for (const id of ids) {
        const value = kept.get(`${type} ${id}`)
        if (value !== undefined) found[id] = value as SignalDataTypeMap[T]
      }
      return found
    },
    async set(changes: SignalDataSet) {
      for (const [type, values] of Object.entries(changes))
        for (const [id, value] of Object.entries(values ?? {})) kept.set(`${type} ${id}`, value)
    },
  }
}

/** What the server says of a contact's device; `flipped` has one bit of the prekey's signature turned over. */
function bundle(flipped: boolean) {
  const identity = Curve.generateKeyPair()
  const preKey = Curve.generateKeyPair()
  const publicKey = generateSignalPubKey(preKey.public)
  const signature = Buffer.from(Curve.sign(identity.private, publicKey))
  if (flipped) signature.writeUInt8(signature.readUInt8(5) ^ 1, 5)
  return {
    registrationId: 1,
    identityKey: generateSignalPubKey(identity.public),
    signedPreKey: { keyId: 1, publicKey, signature },
    preKey: { keyId: 2, publicKey: generateSignalPubKey(Curve.generateKeyPair().public) },
  }
}

test('no signal session begins with a prekey that its device has not signed; with one that it has, one does', async () => {
  checkCertificates(() => new Date())
  const auth = {
    creds: initAuthCreds(),
    keys: addTransactionCapability(memoryKeys(), logger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 }),
  }
  const make = DEFAULT_CONNECTION_CONFIG.makeSignalRepository
  const checked = withSignedPreKeys(make)(auth, logger)
  await assert.rejects(checked.injectE2ESession({ jid: JID, session: bundle(true) }), /not genuine/)
  assert.equal((await checked.validateSession(JID)).exists, false)
  await checked.injectE2ESession({ jid: JID, session: bundle(false) })
  assert.equal((await checked.validateSession(JID)).exists, true)
})
