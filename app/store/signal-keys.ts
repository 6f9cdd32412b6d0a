import type { Access } from './access.ts'
import type { ContactLink } from './contacts.ts'
import { getSignalKeys } from './tables/signal-keys.ts'

/** One change of the Signal key store; `value: null` removes. Types and ids are Baileys' own words and are stored as keyed hashes. */
export type SignalKeyChange = {
  readonly type: string
  readonly id: string
  readonly value: Uint8Array | null
  /** What the change tells besides, kept in the same transaction. */
  readonly link?: ContactLink
}

export type SignalKeyStore = {
  /** Those that are there; null for one that is damaged. */
  get(account: string, type: string, ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array | null>>
  /**
   * All changes in one transaction. Those of one connection stand on each other, for each was computed from the one
   * before; `chain` names the connection, and once a write of a chain has failed, all that follow are refused with
   * `store.chain_broken`.
   */
  set(account: string, changes: readonly SignalKeyChange[], chain?: string): Promise<void>
  clear(account: string): Promise<void>
}

export function createSignalKeyStore({ reader, writer }: Access): SignalKeyStore {
  return {
    get: async (account, type, ids) => getSignalKeys(reader, account, type, ids),
    set: (account, changes, chain) =>
      writer.run('signalKeys.set', { account, changes: changesAlone(changes), chain }),
    clear: account => writer.run('signalKeys.clear', { account }),
  }
}

/** A small Buffer is a window on a pool that would cross to the writer's thread whole, with whatever else is in it. */
export function changesAlone(changes: readonly SignalKeyChange[]): readonly SignalKeyChange[] {
  return changes.map(change =>
    change.value === null ? change : { ...change, value: Uint8Array.from(change.value) },
  )
}
