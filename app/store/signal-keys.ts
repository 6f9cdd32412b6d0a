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
