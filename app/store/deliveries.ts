import type { PosternEvent } from '../model/event.ts'
import type { Access } from './access.ts'
import type { Effects, Page } from './effects.ts'
import { findDelivery, listDeliveries, toDelivery } from './tables/delivery-row.ts'

export type DeliveryStatus = 'pending' | 'delivered' | 'dead'

export type Attempt = {
  readonly at: Date
  readonly status?: number
  readonly reason?: string
  readonly tookMs: number
}

/** One event owed to one endpoint. */
export type Delivery = {
  readonly id: string
  readonly endpoint: string
  readonly lane: string
  readonly status: DeliveryStatus
  readonly event: PosternEvent
  readonly createdAt: Date
  readonly dueAt: Date
  /** Attempts settled so far. */
  readonly attemptCount: number
  readonly attempts: readonly Attempt[]
}

/** What an attempt came to, with the attempt itself for the record. */
export type DeliverySettlement =
  | { readonly kind: 'delivered'; readonly attempt: Attempt }
  | { readonly kind: 'retry'; readonly attempt: Attempt; readonly dueAt: Date }
  | { readonly kind: 'dead'; readonly attempt: Attempt }

export type DeliveryStore = {
  /**
   * Takes due deliveries: at most `free` of each endpoint named, at most one a non-empty lane, and only the oldest
   * pending of a lane. They stay leased to this process until settled; a restart forgets the lease.
   */
  claim(query: { free: ReadonlyMap<string, number>; now: Date }): Promise<readonly Delivery[]>
  settle(id: string, settlement: DeliverySettlement, effects?: Effects): Promise<void>
  get(id: string): Promise<Delivery | undefined>
  list(query: {
    endpoint?: string
    status?: DeliveryStatus
    before?: string
    limit: number
  }): Promise<Page<Delivery>>
  /** Pending again and due now; false when it does not exist or is pending already. */
  replay(id: string, now: Date, effects?: Effects): Promise<boolean>
  /**
   * When the next delivery can be claimed: only the head of each lane counts, none that is leased, and only those of the
   * endpoints named (all when absent).
   */
  nextDueAt(endpoints?: readonly string[]): Promise<Date | undefined>
}

export function createDeliveryStore({ reader, writer }: Access): DeliveryStore {
  return {
    claim: query => writer.run('deliveries.claim', query),
    settle: (id, settlement, effects) => writer.run('deliveries.settle', { id, settlement, effects }),
    get: async id => {
      const row = findDelivery(reader, id)
      return row === undefined ? undefined : toDelivery(reader, row)
    },
    list: async query => listDeliveries(reader, query),
    replay: (id, now, effects) => writer.run('deliveries.replay', { id, now, effects }),
    nextDueAt: endpoints => writer.run('deliveries.nextDueAt', { endpoints }),
  }
}
