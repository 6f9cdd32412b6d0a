import {
  type AuthenticationCreds,
  generateSignalPubKey,
  initAuthCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStoreWithTransaction,
  type SocketConfig,
} from '@whiskeysockets/baileys'
import { silentLog } from '../../app/lib/log.ts'
import { libraryLogger } from '../../app/whatsapp/socket/library-log.ts'

export type MakeRepository = SocketConfig['makeSignalRepository']
export type SignalDevice = {
  readonly creds: AuthenticationCreds
  readonly repository: ReturnType<MakeRepository>
}

const logger = libraryLogger(silentLog, 'main')

/** A device with an identity of its own, whose keys are in memory. */
export function signalDevice(make: MakeRepository, keys: SignalKeyStoreWithTransaction): SignalDevice {
  const creds = initAuthCreds()
  return { creds, repository: make({ creds, keys }, logger, async () => []) }
}

/** What somebody needs to begin a session with a device. */
export function bundleOf({ creds }: SignalDevice) {
  const { registrationId, signedIdentityKey, signedPreKey } = creds
  const { keyId, keyPair, signature } = signedPreKey
  return {
    registrationId,
    identityKey: generateSignalPubKey(Buffer.from(signedIdentityKey.public)),
    signedPreKey: { keyId, publicKey: generateSignalPubKey(Buffer.from(keyPair.public)), signature },
  }
}

/** Keys in memory. `reading` and `writing` are awaited or told before each. */
export function memoryKeys(
  reading: () => Promise<void> = async () => undefined,
  writing: (changes: SignalDataSet) => void = () => undefined,
): SignalKeyStoreWithTransaction {
  const kept = new Map<string, unknown>()
  return {
    async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      await reading()
      const found: { [id: string]: SignalDataTypeMap[T] } = {}
      for (const id of ids) {
        const value = kept.get(`${type}|${id}`)
        if (value) found[id] = value as SignalDataTypeMap[T]
      }
      return found
    },
    set(changes) {
      writing(changes)
      for (const [type, values] of Object.entries(changes)) {
        for (const [id, value] of Object.entries(values)) kept.set(`${type}|${id}`, value)
      }
    },
    isInTransaction: () => false,
    transaction: work => work(),
  }
}
