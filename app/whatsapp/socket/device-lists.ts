import {
  type BinaryNode,
  type CacheStore,
  getAllBinaryNodeChildren,
  jidDecode,
} from '@whiskeysockets/baileys'
import { boundedCache } from './cache.ts'

/** What WhatsApp has said of one person's devices, when, and for how long it is believed: not at all once a change was told. */
export type DeviceList = { readonly devices: unknown; readonly at: number; readonly goodForMs: number }

export type DeviceListDeps = {
  /** What an earlier connection has written, if it may still be there. */
  readonly read: (user: string) => Promise<DeviceList | undefined>
  /** Keeps a list beyond this connection; `null` removes it. */
  readonly write: (user: string, list: DeviceList | null) => void
  readonly now: () => Date
}

/**
 * WhatsApp tells changes by notifications, also those that came about while nobody was connected (`followDevices`); a day is for
 * one that was lost. The library keeps a list for five minutes (`DEFAULT_CACHE_TTLS.USER_DEVICES`), and whenever it asks anew it
 * begins new Signal sessions with every device: each takes a pre-key of theirs, and the record of the old ones, which is read and
 * written with every message, grows to forty times its size.
 */
const GOOD_FOR_MS = 24 * 60 * 60 * 1_000
/** A list that comes so soon after a change may have been on its way when that was told: it is believed for a short while. */
const UNSETTLED_FOR_MS = 60_000
const UNSETTLED_GOOD_FOR_MS = 5 * 60_000
const NONE: DeviceList = { devices: undefined, at: 0, goodForMs: 0 }

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
  const isGood = ({ at, goodForMs }: DeviceList) => at <= now().getTime() && now().getTime() < at + goodForMs
  const isUnsettled = ({ at, goodForMs }: DeviceList) =>
    goodForMs === 0 && now().getTime() < at + UNSETTLED_FOR_MS
  return {
    async get<T>(user: string): Promise<T> {
      const list = (await lists.get<DeviceList>(user)) ?? (await fromDisk(user))
      if (!isGood(list)) return undefined as T // the type of the library forgets that a key may be absent
      await lists.set(user, list)
      return list.devices as T
    },
    async set(user, devices) {
      const goodForMs = isUnsettled((await lists.get<DeviceList>(user)) ?? NONE)
        ? UNSETTLED_GOOD_FOR_MS
        : GOOD_FOR_MS
      const list = { devices, at: now().getTime(), goodForMs }
      await lists.set(user, list)
      write(user, list)
    },
    async del(user) {
      await lists.set(user, { ...NONE, at: now().getTime() }) // what is on the disk may be removed a little later
      write(user, null)
    },
    flushAll: () => lists.flushAll(),
  }
}

/**
 * Drops the lists of everybody in a notification of changed devices, so that the next message asks for them. The library knows
 * people in it by `jid` alone: whoever is written to by LID stands there as `lid`.
 */
export function followDevices(lists: CacheStore, notification: BinaryNode): void {
  const changes = getAllBinaryNodeChildren(notification)
  const nodes = [notification, ...changes, ...changes.flatMap(getAllBinaryNodeChildren)]
  const jids = nodes.flatMap(({ attrs }) => [attrs.from, attrs.jid, attrs.lid])
  for (const user of new Set(jids.map(jid => jidDecode(jid)?.user))) if (user) void lists.del(user)
}
