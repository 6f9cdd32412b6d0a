import type { Access } from './access.ts'
import { getSignalKeys } from './tables/signal-keys.ts'

/** One change of the Signal key store; `value: null` removes. Types and ids are Baileys' own words and are stored as keyed hashes. */
export type SignalKeyChange = {
  readonly type: string
  readonly id: string
  readonly value: Uint8Array | null
}

export type SignalKeyStore = {
  get(account: string, type: string, ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>
  /** All changes in one transaction. */
  set(account: string, changes: readonly SignalKeyChange[]): Promise<void>
  clear(account: string): Promise<void>
}

export function createSignalKeyStore({ reader, writer }: Access): SignalKeyStore {
  return {
    get: async (account, type, ids) => getSignalKeys(reader, account, type, ids),
    set: (account, changes) => writer.run('signalKeys.set', { account, changes: changes.map(alone) }),
    clear: account => writer.run('signalKeys.clear', { account }),
  }
}

/** A small Buffer is a window on a pool that would cross to the writer's thread whole, with whatever else is in it. */
function alone(change: SignalKeyChange): SignalKeyChange {
  return change.value === null ? change : { ...change, value: Uint8Array.from(change.value) }
}
