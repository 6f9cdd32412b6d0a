import type { Effects } from '../../store/effects.ts'
import { type DeviceDeps, LinkedDevice } from '../socket/device.ts'

/** What the store has of a device. */
export type Found = 'never linked' | 'logged out' | 'linked'

/** The device of an account and the number that it is linked to, in memory and in the store. */
export class Custody {
  readonly #deps: DeviceDeps
  #device: LinkedDevice | undefined
  #phone: string | undefined

  constructor(deps: DeviceDeps) {
    this.#deps = deps
  }

  /** The device, also while nobody has linked it yet. */
  get device(): LinkedDevice | undefined {
    return this.#device
  }

  get linked(): LinkedDevice | undefined {
    return this.#device?.linked ? this.#device : undefined
  }

  /** E.164, once linked; that of a device that WhatsApp has taken away is still known. */
  get phone(): string | undefined {
    return this.linked?.phone ?? this.#phone
  }

  /** Reads what the store has. */
  async load(): Promise<Found> {
    const { account, store } = this.#deps
    const row = await store.accounts.get(account)
    this.#phone = row?.phone
    if (row === undefined) return 'never linked'
    if (row.loggedOutAt !== undefined) return 'logged out'
    this.#device = LinkedDevice.fromStore(this.#deps, row)
    return 'linked'
  }

  /** A device for a phone to sign for; nothing of the last one is left. */
  async replace(): Promise<LinkedDevice> {
    await this.#device?.forget()
    await this.#deps.store.signalKeys.clear(this.#deps.account)
    this.#device = LinkedDevice.fresh(this.#deps)
    return this.#device
  }

  /** Stores the device that a phone has just signed for. */
  async keep(told: Effects): Promise<void> {
    this.#phone = this.#device?.phone
    await this.#device?.link(this.#deps.now(), told)
  }

  /** Lets go of the device; what is stored of it stays. */
  async discard(): Promise<void> {
    const device = this.#device
    this.#device = undefined
    await device?.forget()
  }

  /** WhatsApp has taken the device away: what is left of it is that it was there. */
  async bury(told: Effects): Promise<void> {
    const { account, store, now } = this.#deps
    const phone = this.phone
    this.#phone = phone
    await this.discard()
    const row = { account, credentials: new Uint8Array(0), loggedOutAt: now() }
    await store.accounts.put({ ...row, ...(phone === undefined ? {} : { phone }) }, told)
    await store.signalKeys.clear(account)
  }

  /** The owner has logged the device out: nothing of it is left. */
  async erase(told: Effects): Promise<void> {
    const { account, store } = this.#deps
    await this.discard()
    this.#phone = undefined
    await store.accounts.remove(account, told)
  }
}
