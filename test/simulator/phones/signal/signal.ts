import {
  DEFAULT_CONNECTION_CONFIG,
  generateSignalPubKey,
  proto,
  type SignalKeyStore,
  type SignalKeyStoreWithTransaction,
  unpadRandomMax16,
} from '@whiskeysockets/baileys'
import { withFewChains } from '../../../../app/whatsapp/socket/few-chains.ts'
import { withHarmlessTrials } from '../../../../app/whatsapp/socket/trials.ts'
import type { World } from '../../store/world.ts'
import type { KeyBundle } from './bundle.ts'
import { createPad } from './padding.ts'
import { createSenderKeys, type SenderKeys } from './sender-keys.ts'
import { silentLogger } from './silence.ts'

export type CipherType = 'pkmsg' | 'msg'
export type Ciphertext = { readonly type: CipherType; readonly ciphertext: Uint8Array }

/**
 * The Signal side of one phone, with its own identity, sessions and one-time keys. Peers are named by their
 * LID's JID.
 */
export type SignalDevice = {
  /** Throws when the ciphertext is not for this device, was used already or has been tampered with. */
  decrypt(from: string, sealed: Ciphertext): Promise<proto.Message>
  /** undefined when there is no session and `bundle` gives none either. */
  encrypt(
    to: string,
    message: proto.IMessage,
    bundle: () => Promise<KeyBundle | undefined>,
  ): Promise<Ciphertext | undefined>
  /** Begins a new session from a bundle. */
  begin(to: string, bundle: KeyBundle): Promise<void>
  readonly groups: SenderKeys
}

/** A phone's own libsignal has not the faults that the library's has. */
const makeRepository = withHarmlessTrials(withFewChains(DEFAULT_CONNECTION_CONFIG.makeSignalRepository))

/**
 * Built on what Baileys exports for its own clients, so that the simulator needs no knowledge of libsignal.
 */
export function createSignalDevice(world: World, box: string): SignalDevice {
  const creds = world.phoneKeys.of(box)
  const pad = createPad(world.random.of(`padding of ${box}`))
  const keys = inUnits(world.signalKeys.of(box))
  const repository = makeRepository({ creds, keys }, silentLogger, async () => [])

  async function begin(to: string, bundle: KeyBundle): Promise<void> {
    const { registrationId, identity, signedPreKey, preKey } = bundle
    const session = {
      registrationId,
      identityKey: prefixed(identity),
      signedPreKey: {
        keyId: signedPreKey.id,
        publicKey: prefixed(signedPreKey.key),
        signature: Buffer.from(signedPreKey.signature),
      },
      ...(preKey === undefined ? {} : { preKey: { keyId: preKey.id, publicKey: prefixed(preKey.key) } }),
    }
    await repository.injectE2ESession({ jid: to, session })
  }

  return {
    begin,
    groups: createSenderKeys(repository, keys, pad),
    async decrypt(from, { type, ciphertext }) {
      const plain = await repository.decryptMessage({ jid: from, type, ciphertext: Buffer.from(ciphertext) })
      return proto.Message.decode(unpadRandomMax16(plain))
    },
    async encrypt(to, message, bundle) {
      const { exists } = await repository.validateSession(to)
      if (!exists) {
        const taken = await bundle()
        if (taken === undefined) return undefined
        await begin(to, taken)
      }
      return repository.encryptMessage({ jid: to, data: pad(message) })
    },
  }
}

/** A phone does everything with its keys in units of the database, one after the other, so that a transaction is no more than its work. */
function inUnits(keys: SignalKeyStore): SignalKeyStoreWithTransaction {
  return { ...keys, isInTransaction: () => true, transaction: work => work() }
}

function prefixed(key: Uint8Array): Uint8Array {
  return generateSignalPubKey(Buffer.from(key))
}
