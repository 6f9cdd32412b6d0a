import {
  proto,
  type SignalKeyStore,
  type SignalRepositoryWithLIDStore,
  unpadRandomMax16,
} from '@whiskeysockets/baileys'
import type { Pad } from './padding.ts'

/** A message for a group, and what a device needs to read it and those after it. */
export type GroupCiphertext = { readonly ciphertext: Uint8Array; readonly distribution: Uint8Array }

/**
 * The group side of one phone: its own sender keys, and those that it was handed. Authors are named by their LID's JID.
 */
export type SenderKeys = {
  /** Makes a sender key when there is none. */
  encrypt(group: string, me: string, message: proto.IMessage): Promise<GroupCiphertext>
  /** Throws when the phone does not hold the key, or has read the message already. */
  decrypt(group: string, author: string, ciphertext: Uint8Array): Promise<proto.Message>
  take(author: string, handed: proto.Message.ISenderKeyDistributionMessage): Promise<void>
  /** The next message begins a new key. */
  forget(group: string, me: string): Promise<void>
}

export function createSenderKeys(
  repository: SignalRepositoryWithLIDStore,
  keys: SignalKeyStore,
  pad: Pad,
): SenderKeys {
  return {
    async encrypt(group, me, message) {
      const sealed = await repository.encryptGroupMessage({ group, meId: me, data: pad(message) })
      return { ciphertext: sealed.ciphertext, distribution: sealed.senderKeyDistributionMessage }
    },
    async decrypt(group, authorJid, ciphertext) {
      const sealed = { group, authorJid, msg: Buffer.from(ciphertext) }
      const padded = await repository.decryptGroupMessage(sealed).catch(explain)
      return proto.Message.decode(unpadRandomMax16(padded))
    },
    take: (authorJid, item) =>
      repository.processSenderKeyDistributionMessage({
        authorJid,
        item: proto.Message.SenderKeyDistributionMessage.fromObject(item),
      }),
    async forget(group, me) {
      const address = repository.jidToSignalProtocolAddress(me).replace(/\.(\d+)$/, '::$1')
      await keys.set({ 'sender-key': { [`${group}::${address}`]: null } })
    },
  }
}

/** Says in the words of one-to-one sessions what has happened. */
function explain(error: unknown): never {
  const detail = error instanceof Error ? error.message : String(error)
  if (detail.includes('old counter')) throw new Error(`Key used already: ${detail}`, { cause: error })
  if (detail.includes('No session') || detail.includes('No SenderKeyRecord')) {
    throw new Error(`no such sender key: ${detail}`, { cause: error })
  }
  throw error
}
