import {
  type AuthenticationCreds,
  type AuthenticationState,
  BufferJSON,
  type CacheStore,
  initAuthCreds,
  jidDecode,
  makeCacheableSignalKeyStore,
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from '@whiskeysockets/baileys'
import type { Log } from '../../lib/log.ts'
import type { Device } from '../../store/accounts.ts'
import type { Effects } from '../../store/effects.ts'
import type { SignalKeyChange } from '../../store/signal-keys.ts'
import type { Store } from '../../store/store.ts'
import { phoneOf } from '../translate.ts'
import { boundedCache } from './cache.ts'
import { createDeviceLists, type DeviceList } from './device-lists.ts'
import { libraryLogger, wordsOf } from './library-log.ts'

export type DeviceDeps = {
  readonly account: string
  readonly store: Store
  readonly log: Log
  readonly now: () => Date
}

/** What one connection of the device works on. */
export type Connected = AuthenticationState & {
  /** The devices of others, as WhatsApp has told them. */
  readonly deviceLists: CacheStore
}

/** Beside the library's own types of keys; a log-out erases it with them. */
const DEVICE_LIST = 'postern-device-list'

/** What a connection does about its Signal keys. */
export type KeyCare = {
  /** Keeps changes of them (journal/intake.ts); resolves when they are durable. */
  readonly store: (changes: readonly SignalKeyChange[]) => Promise<void>
  /** Told when some cannot be read: the library would go on as if nobody could open what came. */
  readonly unread: (error: unknown) => void
}

/**
 * The linked-device credentials of an account, in the form Baileys works on, kept in the store. Baileys changes the
 * credentials in place and says so; each change is stored, the latest state winning.
 */
export class LinkedDevice {
  readonly creds: AuthenticationCreds
  readonly #deps: DeviceDeps
  /** Settles when the key changes of every connection so far are stored, or never will be. */
  #keysStored: Promise<void> = Promise.resolve()
  #linkedAt: Date | undefined
  #writing: Promise<void> = Promise.resolve()
  #waiting = false
  #forgotten = false

  /** A device nobody has linked yet; nothing of it is stored before `link`. */
  static fresh(deps: DeviceDeps): LinkedDevice {
    return new LinkedDevice(deps, initAuthCreds(), undefined)
  }

  static fromStore(deps: DeviceDeps, row: Device): LinkedDevice {
    return new LinkedDevice(deps, decode<AuthenticationCreds>(row.credentials), row.linkedAt)
  }

  private constructor(deps: DeviceDeps, creds: AuthenticationCreds, linkedAt: Date | undefined) {
    this.#deps = deps
    this.#linkedAt = linkedAt
    this.creds = creds
  }

  /**
   * What one connection works on. Each begins with what is on the disk: keys in the memory of one whose writes failed
   * are ahead of it, and would not read what comes again.
   */
  connect({ store, unread }: KeyCare): Connected {
    const before = this.#keysStored
    const keep = (changes: readonly SignalKeyChange[]) => {
      if (this.#forgotten) return
      const both = Promise.allSettled([this.#keysStored, store(changes)])
      this.#keysStored = both.then(() => {}) // what both came to would hold on to all that came before
    }
    const logger = libraryLogger(this.#deps.log, this.#deps.account)
    return {
      creds: this.creds,
      keys: makeCacheableSignalKeyStore(
        withReadsTold(this.#keys(before, keep), unread),
        logger,
        boundedCache(),
      ),
      deviceLists: this.#deviceLists(before, keep),
    }
  }

  /** The phone JID behind a LID, where WhatsApp has ever told it. */
  async phoneJidOf(lid: string): Promise<string | null> {
    const { account, store } = this.#deps
    const id = `${jidDecode(lid)?.user}_reverse`
    const stored = (await store.signalKeys.get(account, 'lid-mapping', [id])).get(id)
    const user = stored ? decode<unknown>(stored) : undefined
    return typeof user === 'string' ? `${user}@s.whatsapp.net` : null
  }

  /** True once a phone has signed for this device. */
  get linked(): boolean {
    return this.creds.account !== undefined
  }

  get phone(): string | undefined {
    return phoneOf(this.creds.me?.id)
  }

  /** Stores a device that a phone has just signed for, with what that means for the world. */
  async link(linkedAt: Date, effects: Effects): Promise<void> {
    this.#linkedAt = linkedAt
    await this.#deps.store.accounts.put(this.#row(), effects)
  }

  /** Stores the credentials as they are when the write begins. Writes of one device follow each other. */
  save(): void {
    if (this.#linkedAt === undefined || this.#waiting) return
    this.#waiting = true
    this.#writing = this.#writing.then(() => this.#write())
  }

  /**
   * Ends writing for good, once what was asked for is stored. A socket that is ending may still hand over keys; they would
   * bring back to life what a log-out has erased.
   */
  async forget(): Promise<void> {
    this.#forgotten = true
    await this.#writing
  }

  async #write(): Promise<void> {
    this.#waiting = false
    if (this.#forgotten) return
    try {
      await this.#deps.store.accounts.put(this.#row())
    } catch (error) {
      this.#deps.log.error('whatsapp.credentials_not_stored', {
        account: this.#deps.account,
        reason: wordsOf(error),
      })
    }
  }

  #deviceLists(ready: Promise<unknown>, store: (changes: readonly SignalKeyChange[]) => void): CacheStore {
    const { account, store: stored, now } = this.#deps
    return createDeviceLists({
      now,
      async read(user) {
        await ready
        const bytes = (await stored.signalKeys.get(account, DEVICE_LIST, [user])).get(user)
        return bytes ? decode<DeviceList>(bytes) : undefined
      },
      write: (id, list) => store([{ type: DEVICE_LIST, id, value: list && encode(list) }]),
    })
  }

  #keys(ready: Promise<unknown>, store: (changes: readonly SignalKeyChange[]) => void): SignalKeyStore {
    const deps = this.#deps
    const absent = createAbsences()
    return {
      get: async (type, ids) => {
        await ready
        const asked = ids.filter(id => !absent.has(type, id))
        if (this.#forgotten || asked.length === 0) return {}
        const found = await storedKeys(deps, type, asked)
        for (const id of asked) if (!(id in found)) absent.add(type, id)
        return found
      },
      set: async changes => {
        const flat = flatten(changes)
        for (const { type, id } of flat) absent.remove(type, id)
        if (flat.length > 0) store(flat)
      },
      clear: () => deps.store.signalKeys.clear(deps.account),
    }
  }

  #row(): Device {
    return {
      account: this.#deps.account,
      credentials: encode(this.creds),
      ...(this.phone === undefined ? {} : { phone: this.phone }),
      ...(this.#linkedAt === undefined ? {} : { linkedAt: this.#linkedAt }),
    }
  }
}

function withReadsTold(keys: SignalKeyStore, unread: KeyCare['unread']): SignalKeyStore {
  return {
    ...keys,
    async get(type, ids) {
      try {
        return await keys.get(type, ids)
      } catch (error) {
        unread(error)
        throw error
      }
    },
  }
}

const MAX_ABSENT = 10_000

/** Keys that the store was asked for in vain. The library asks for some of them at every message. */
function createAbsences() {
  const names = new Set<string>()
  const nameOf = (type: string, id: string) => `${type}/${id}`
  return {
    has: (type: string, id: string) => names.has(nameOf(type, id)),
    add(type: string, id: string): void {
      if (names.size >= MAX_ABSENT) names.clear()
      names.add(nameOf(type, id))
    },
    remove: (type: string, id: string) => void names.delete(nameOf(type, id)),
  }
}

/** A damaged one is as good as none: the library begins a new session, or asks for the key, as it does without one. */
async function storedKeys<T extends keyof SignalDataTypeMap>(
  { account, store, log }: DeviceDeps,
  type: T,
  ids: readonly string[],
): Promise<{ [id: string]: SignalDataTypeMap[T] }> {
  const found: { [id: string]: SignalDataTypeMap[T] } = {}
  for (const [id, bytes] of await store.signalKeys.get(account, type, ids)) {
    if (bytes !== null) found[id] = revive(type, bytes)
    else log.error('whatsapp.key_damaged', { account, type })
  }
  return found
}

function flatten(changes: SignalDataSet): SignalKeyChange[] {
  return Object.entries(changes).flatMap(([type, values]) =>
    Object.entries(values ?? {}).map(([id, value]) => ({
      ...{ type, id, value: value ? encode(value) : null },
      ...(type === 'lid-mapping' ? linkOf(id, value) : {}),
    })),
  )
}

/** The library keeps each pair twice: the LID under the number, and the number under the LID with a mark. */
function linkOf(id: string, value: unknown): Pick<SignalKeyChange, 'link'> {
  const plain = /^\d+$/.test(id) && typeof value === 'string' && /^\d+$/.test(value)
  return plain ? { link: { lid: `${value}@lid`, number: `+${id}` } } : {}
}

function revive<T extends keyof SignalDataTypeMap>(type: T, bytes: Uint8Array): SignalDataTypeMap[T] {
  const value = decode<SignalDataTypeMap[T]>(bytes)
  if (type !== 'app-state-sync-key') return value
  const key: unknown = proto.Message.AppStateSyncKeyData.fromObject(value as object)
  return key as SignalDataTypeMap[T]
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value, BufferJSON.replacer))
}

function decode<T>(bytes: Uint8Array): T {
  return JSON.parse(Buffer.from(bytes).toString(), BufferJSON.reviver) as T
}
