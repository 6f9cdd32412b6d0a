import {
  type AuthenticationCreds,
  type AuthenticationState,
  BufferJSON,
  initAuthCreds,
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
import { libraryLogger, wordsOf } from './library-log.ts'

export type DeviceDeps = { readonly account: string; readonly store: Store; readonly log: Log }

/**
 * The linked-device credentials of an account, in the form Baileys works on, kept in the store. Baileys changes
 * `auth.creds` in place and says so; each change is stored, the latest state winning. Signal keys are durable when
 * `set` resolves.
 */
export class LinkedDevice {
  readonly auth: AuthenticationState
  readonly #deps: DeviceDeps
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
    this.auth = { creds, keys: signalKeys(deps, () => this.#forgotten) }
  }

  /** True once a phone has signed for this device. */
  get linked(): boolean {
    return this.auth.creds.account !== undefined
  }

  get phone(): string | undefined {
    return phoneOf(this.auth.creds.me?.id)
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

  #row(): Device {
    return {
      account: this.#deps.account,
      credentials: encode(this.auth.creds),
      ...(this.phone === undefined ? {} : { phone: this.phone }),
      ...(this.#linkedAt === undefined ? {} : { linkedAt: this.#linkedAt }),
    }
  }
}

function signalKeys(deps: DeviceDeps, forgotten: () => boolean): SignalKeyStore {
  const logger = libraryLogger(deps.log, deps.account)
  return makeCacheableSignalKeyStore(durableKeys(deps, forgotten), logger, boundedCache())
}

function durableKeys({ account, store }: DeviceDeps, forgotten: () => boolean): SignalKeyStore {
  return {
    async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      const stored = forgotten() ? [] : await store.signalKeys.get(account, type, ids)
      const found: { [id: string]: SignalDataTypeMap[T] } = {}
      for (const [id, bytes] of stored) found[id] = revive(type, bytes)
      return found
    },
    async set(changes) {
      const flat = flatten(changes)
      if (flat.length > 0 && !forgotten()) await store.signalKeys.set(account, flat)
    },
    clear: () => store.signalKeys.clear(account),
  }
}

function flatten(changes: SignalDataSet): SignalKeyChange[] {
  return Object.entries(changes).flatMap(([type, values]) =>
    Object.entries(values ?? {}).map(([id, value]) => ({ type, id, value: value ? encode(value) : null })),
  )
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
