import type { CacheStore } from '@whiskeysockets/baileys'
import { boundedCache } from './cache.ts'

/** What WhatsApp has said of one person's devices, and when. */
export type DeviceList = { readonly devices: unknown; readonly at: number }

export type DeviceListDeps = {
  /** What an earlier connection has written, if it may still be there. */
  readonly read: (user: string) => Promise<DeviceList | undefined>
  /** Keeps a list beyond this connection; `null` removes it. */
  readonly write: (user: string, list: DeviceList | null) => void
  readonly now: () => Date
}

/** As long as the library keeps them in memory (`DEFAULT_CACHE_TTLS.USER_DEVICES`); changes are told by notifications besides. */
const GOOD_FOR_MS = 5 * 60 * 1_000
const NONE: DeviceList = { devices: undefined, at: 0 }

/**
 * The devices of those whom the account writes to, for Baileys. They outlive the connection: the library asks for them
 * before the first message to each contact and then begins a new Signal session with every device, which after a restart
 * is more work than the message.
 */
export function createDeviceLists({ read, write, now }: DeviceListDeps): CacheStore {
  const lists = boundedCache()
  /** What was told meanwhile is newer. */
  const fromDisk = async (user: string): Promise<DeviceList> => {
    const before = await read(user)
    return (await lists.get<DeviceList>(user)) ?? before ?? NONE
  }
  const isGood = ({ at }: DeviceList) => at <= now().getTime() && now().getTime() < at + GOOD_FOR_MS
  return {
    async get<T>(user: string): Promise<T> {
      const list = (await lists.get<DeviceList>(user)) ?? (await fromDisk(user))
      if (!isGood(list)) return undefined as T // the type of the library forgets that a key may be absent
      await lists.set(user, list)
      return list.devices as T
    },
    async set(user, devices) {
      const list = { devices, at: now().getTime() }
      await lists.set(user, list)
      write(user, list)
    },
    async del(user) {
      await lists.set(user, NONE) // what is on the disk may be removed a little later
      write(user, null)
    },
    flushAll: () => lists.flushAll(),
  }
}
