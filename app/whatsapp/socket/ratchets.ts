import { AsyncLocalStorage } from 'node:async_hooks'
import type { SocketConfig } from '@whiskeysockets/baileys'

type MakeRepository = SocketConfig['makeSignalRepository']

/**
 * Keeps a ciphertext back until the ratchet step that made it is durable. Baileys puts a message on the wire inside the
 * transaction around it, whose commit comes after; killed between the two, we would encrypt another message with the same
 * key, which its recipient cannot read. Here each step is a transaction of its own, outside of that one.
 */
export function withDurableRatchets(make: MakeRepository): MakeRepository {
  const outside = AsyncLocalStorage.snapshot()
  return (...context) => {
    const repository = make(...context)
    return {
      ...repository,
      encryptMessage: of => outside(() => repository.encryptMessage(of)),
      encryptGroupMessage: of => outside(() => repository.encryptGroupMessage(of)),
      // What an encryption reads must not lie in the transaction around it either.
      injectE2ESession: of => outside(() => repository.injectE2ESession(of)),
      migrateSession: (from, to) => outside(() => repository.migrateSession(from, to)),
      deleteSession: jids => outside(() => repository.deleteSession(jids)),
    }
  }
}
