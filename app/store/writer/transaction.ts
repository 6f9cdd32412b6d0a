import type { Vault } from '../crypto/vault.ts'
import type { Connection } from '../database/connection.ts'
import type { Topic } from '../store.ts'
import type { Chains } from './chains.ts'

/** What reading a table takes: on the main thread and inside a write alike. */
export type Source = { readonly db: Connection; readonly vault: Vault }

/** What one write is given. Its rows go with the transaction; what it changes in memory needs an `undo` beside it. */
export type Tx = Source & {
  readonly chains: Chains
  /** Told to the listeners once this write is committed. */
  touch(topic: Topic): void
  /** Has the database's log, which holds pages as they were, emptied once this write is committed; else it is answered as failed. */
  emptyLog(): void
  /** Run, last first, when this write or the commit it belongs to fails. */
  undo(step: () => void): void
}
