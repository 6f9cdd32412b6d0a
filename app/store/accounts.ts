import type { Effects } from './effects.ts'

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
  put(device: Device, effects?: Effects): Promise<void>
  /** Removes the device, its signal keys and its data key in one transaction. */
  remove(account: string, effects?: Effects): Promise<void>
  setPaused(account: string, paused: boolean, effects?: Effects): Promise<void>
  isPaused(account: string): Promise<boolean>
}
