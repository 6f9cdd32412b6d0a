import type { PosternEvent } from '../model/event.ts'
import type { Access } from './access.ts'
import type { Effects, Page } from './effects.ts'
import type { EndpointHealth } from './endpoints.ts'
import { Leases } from './leases.ts'
import { lastAnswer } from './tables/delivery-attempts.ts'
import { claimDeliveries, nextDeliveryDueAt } from './tables/delivery-queue.ts'
import { countOwed } from './tables/delivery-range.ts'
import { findDelivery, listDeliveries, showDelivery } from './tables/delivery-row.ts'

export type DeliveryStatus = 'pending' | 'delivered' | 'dead'

export type Attempt = {
  readonly at: Date
  readonly status?: number
  readonly reason?: string
  /** How the far side's answer began. Kept for the last attempt, and only `get` reads it. */
  readonly answer?: string
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
  /** When its schedule began: with its event, or with the last replay. */
  readonly begunAt: Date
  /** Attempts that do not count on it: made before, or while the endpoint's breaker was open. */
  readonly begunAfter: number
  /** Attempts settled so far. */
  readonly attemptCount: number
  readonly attempts: readonly Attempt[]
}

/** A claimed delivery that nobody can post: a value of it was changed, or its key is gone. All that is left is to settle it. */
export type UnreadableDelivery = Pick<Delivery, 'id' | 'endpoint'> & { readonly unreadable: string }

/** What an attempt came to, with the attempt itself for the record. */
export type DeliverySettlement =
  | { readonly kind: 'delivered'; readonly attempt: Attempt }
  /** `spared`: the attempt is recorded, but does not count on the schedule. */
  | { readonly kind: 'retry'; readonly attempt: Attempt; readonly dueAt: Date; readonly spared?: boolean }
  | { readonly kind: 'dead'; readonly attempt: Attempt }

export type OwedCount = { readonly pending: number; readonly dead: number }

/** Dead or delivered ones of one endpoint. `accounts`: only events of these, null for those of none; of all when absent. */
export type ReplayRange = {
  readonly endpoint: string
  readonly status: 'dead' | 'delivered'
  readonly from?: Date
  readonly to?: Date
  readonly accounts?: readonly (string | null)[]
  /** Where the part before this one ended. */
  readonly after?: number
}

export type ReplayedPart = { readonly count: number; readonly next?: number }

export type DeliveryStore = {
  /**
   * Takes due deliveries: at most `free` of each endpoint named, at most one a non-empty lane, and only the oldest
   * pending of a lane. They stay leased to this process until settled; a restart forgets the lease. It only reads: a
   * claim waits for no commit. One that throws has taken nothing.
   */
  claim(query: { free: ReadonlyMap<string, number>; now: Date }): readonly (Delivery | UnreadableDelivery)[]
  /** `health` is what the endpoint is like after this attempt: written with it, so that neither is known without the other. */
  settle(
    id: string,
    settlement: DeliverySettlement,
    and?: { readonly health?: EndpointHealth; readonly effects?: Effects },
  ): Promise<void>
  /** Of one that cannot be opened, here and in lists, what is not sealed: its event has no data. */
  get(id: string): Promise<Delivery | undefined>
  list(query: {
    endpoint?: string
    status?: DeliveryStatus
    before?: string
    limit: number
  }): Promise<Page<Delivery>>
  /** Pending again, due now and at the beginning of its schedule; false when it does not exist or is pending already. */
  replay(id: string, now: Date, effects?: Effects): Promise<boolean>
  /**
   * Replays what matches, oldest first, a bounded number in one write. Answers how many, and where to go on; the effects
   * are written with the first.
   */
  replayRange(range: ReplayRange, now: Date, effects?: Effects): Promise<ReplayedPart>
  /** Lets everything pending that is owed to the endpoint fall due now. */
  hasten(endpoint: string, now: Date): Promise<void>
  /**
   * Lets what an endpoint was owed before this instant die, a bounded number in one write; answers how many. What is
   * leased is left alone; claim nothing of the endpoint meanwhile.
   */
  bury(query: { endpoint: string; begunBefore: Date; at: Date; reason: string }): Promise<number>
  /** By endpoint, what is pending and what is dead. */
  counts(): Promise<ReadonlyMap<string, OwedCount>>
  /**
   * When the next delivery can be claimed: only the head of each lane counts, none that is leased, and only those of the
   * endpoints named.
   */
  nextDueAt(endpoints: readonly string[]): Date | undefined
}

export function createDeliveryStore({ reader, writer }: Access): DeliveryStore {
  const leases = new Leases()
  return {
    claim: query => reader.db.snapshot(() => claimDeliveries(reader, leases, query)),
    settle: async (id, settlement, { health, effects } = {}) => {
      await writer.run('deliveries.settle', { id, settlement, health, effects })
      leases.release(id)
    },
    get: async id =>
      reader.db.snapshot(() => {
        const row = findDelivery(reader, id)
        return row === undefined ? undefined : withAnswer(showDelivery(reader, row), lastAnswer(reader, row))
      }),
    list: async query => reader.db.snapshot(() => listDeliveries(reader, query)),
    replay: (id, now, effects) => writer.run('deliveries.replay', { id, now, effects }),
    replayRange: (range, now, effects) => writer.run('deliveries.replayRange', { range, now, effects }),
    hasten: (endpoint, now) => writer.run('deliveries.hasten', { endpoint, now }),
    bury: query => writer.run('deliveries.bury', { ...query, spare: leases.all }),
    counts: async () => countOwed(reader),
    nextDueAt: endpoints => reader.db.snapshot(() => nextDeliveryDueAt(reader, leases, endpoints)),
  }
}

function withAnswer(delivery: Delivery, answer: string | undefined): Delivery {
  const last = delivery.attempts.at(-1)
  if (last === undefined || answer === undefined) return delivery
  return { ...delivery, attempts: [...delivery.attempts.slice(0, -1), { ...last, answer }] }
}
