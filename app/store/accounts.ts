import type { Access } from './access.ts'
import type { Effects } from './effects.ts'
import { getDevice, isPaused, linkedAt, listDevices } from './tables/accounts.ts'

/** A device: the linked-device credentials of an account. `credentials` is opaque here and encrypted at rest. */
export type Device = {
  readonly account: string
  readonly credentials: Uint8Array
  /** E.164 with `+`, once linked; encrypted at rest. */
  readonly phone?: string
  readonly linkedAt?: Date
  readonly loggedOutAt?: Date
}

export type AccountStore = {
  get(account: string): Promise<Device | undefined>
  list(): Promise<readonly Device[]>
  /** When the account's device was linked, without opening its credentials. */
  linkedAt(account: string): Promise<Date | undefined>
  put(device: Device, effects?: Effects): Promise<void>
  /**
   * Removes the device, its signal keys and its data key in one transaction. Messages, events and deliveries of the
   * account stay: they are sealed under a key of their own, so that a log-out loses nothing that is still owed.
   */
  remove(account: string, effects?: Effects): Promise<void>
  setPaused(account: string, paused: boolean, effects?: Effects): Promise<void>
  isPaused(account: string): Promise<boolean>
}

export function createAccountStore({ reader, writer }: Access): AccountStore {
  return {
    get: async account => getDevice(reader, account),
    list: async () => listDevices(reader),
    linkedAt: async account => linkedAt(reader, account),
    put: (device, effects) => writer.run('accounts.put', { device, effects }),
    remove: (account, effects) => writer.run('accounts.remove', { account, effects }),
    setPaused: (account, paused, effects) => writer.run('accounts.setPaused', { account, paused, effects }),
    isPaused: async account => isPaused(reader, account),
  }
}
