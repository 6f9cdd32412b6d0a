import type { Access } from './access.ts'
import type { Effects } from './effects.ts'
import { listEndpoints } from './tables/endpoints.ts'

/** What an endpoint has been like, by its name in the policy. The deliveries decide what follows from it. */
export type EndpointHealth = {
  readonly endpoint: string
  /** Failures since the last success. */
  readonly failureCount: number
  /** The first of them after which there was always another soon. */
  readonly failingSince?: Date
  readonly lastSuccessAt?: Date
  readonly lastFailureAt?: Date
  /** The breaker is open; at this instant one attempt may find out whether it can close. */
  readonly openUntil?: Date
  /** Such attempts that failed since it opened. */
  readonly probeCount: number
  readonly disabled?: { readonly at: Date; readonly because: DisabledBecause }
}

/** It answered 410, or there was no success for too long. */
export type DisabledBecause = 'gone' | 'failing'

export type EndpointStore = {
  list(): Promise<readonly EndpointHealth[]>
  put(health: EndpointHealth, effects?: Effects): Promise<void>
}

export function createEndpointStore({ reader, writer }: Access): EndpointStore {
  return {
    list: async () => listEndpoints(reader),
    put: (health, effects) => writer.run('endpoints.put', { health, effects }),
  }
}
