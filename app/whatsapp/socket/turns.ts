import { randomUUID } from 'node:crypto'
import type { SocketConfig } from '@whiskeysockets/baileys'
import { Lanes } from '../journal/lanes.ts'

type MakeRepository = SocketConfig['makeSignalRepository']

/** Of the whole process, as the library's own queues are: two accounts that write with one person have one queue there. */
const lanes = new Lanes()

/**
 * Lets nobody begin work on the sessions with a device before whoever is at it has finished. libsignal queues such work by
 * the device's address, and does what waits in its queue in the asynchronous context of whoever came first: the transaction
 * and the journal entry of another message, or of another account. What it changes then is kept in the wrong place or not at
 * all, although the server hears that the message came.
 *
 * Within one connection everything takes turns, because a device has two addresses and its session may be changed under both.
 */
export function inTurns(make: MakeRepository): MakeRepository {
  return (...context) => {
    const repository = make(...context)
    const connection = randomUUID()
    const alone = <T>(jid: string, work: () => Promise<T>): Promise<T> =>
      lanes.run([connection, repository.jidToSignalProtocolAddress(jid)], work)
    const here = <T>(work: () => Promise<T>): Promise<T> => lanes.run([connection], work)
    return {
      ...repository,
      decryptMessage: of => alone(of.jid, () => repository.decryptMessage(of)),
      encryptMessage: of => alone(of.jid, () => repository.encryptMessage(of)),
      injectE2ESession: of => alone(of.jid, () => repository.injectE2ESession(of)),
      migrateSession: (from, to) => here(() => repository.migrateSession(from, to)),
      deleteSession: jids => here(() => repository.deleteSession(jids)),
    }
  }
}
