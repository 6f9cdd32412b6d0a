import type { Access } from './access.ts'
import { countDeliveries, countOutbox } from './tables/tallies.ts'

/** How many there are of what, for metrics. */
export type Tally = { readonly status: string; readonly count: number }

export type TallyStore = {
  /** Outbox entries by account and status. */
  outbox(): Promise<readonly (Tally & { readonly account: string })[]>
  /** Deliveries by status. */
  deliveries(): Promise<readonly Tally[]>
}

export function createTallyStore({ reader }: Access): TallyStore {
  return {
    outbox: async () => countOutbox(reader),
    deliveries: async () => countDeliveries(reader),
  }
}
