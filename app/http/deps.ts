import type { Endpoints } from '../deliveries/endpoints.ts'
import type { TryOut } from '../deliveries/try-out.ts'
import type { ClientAuthorities } from '../identity/client-authorities.ts'
import type { HopFiles } from '../identity/hop-files.ts'
import type { KeyUses } from '../identity/key-uses.ts'
import type { Log } from '../lib/log.ts'
import type { Secret } from '../lib/secret.ts'
import type { Library } from '../media/library.ts'
import type { RouteEvent } from '../model/event.ts'
import type { createCancel } from '../outbox/cancel.ts'
import type { createEnqueue } from '../outbox/enqueue.ts'
import type { createReview } from '../outbox/review.ts'
import type { Limiter } from '../policy/limiter.ts'
import type { Endpoint, PolicyInForce } from '../policy/snapshot.ts'
import type { Policies } from '../reload/policies.ts'
import type { Answers } from '../reload/probation/answers.ts'
import type { Store } from '../store/store.ts'
import type { Sessions } from '../whatsapp/sessions.ts'
import type { StreamLimits } from './events/streams.ts'
import type { PlaceTimes } from './limits/places.ts'

/** What the HTTP side is built from. */
export type HttpDeps = {
  readonly policy: () => PolicyInForce
  /** Calls the listener after each change of the policy; answers the way to stop. */
  readonly onPolicyChange: (listener: () => void) => () => void
  readonly policies: Policies
  /** What probation is judged by. */
  readonly answers: Answers
  readonly store: Store
  readonly sessions: Sessions
  readonly enqueue: ReturnType<typeof createEnqueue>
  readonly cancel: ReturnType<typeof createCancel>
  readonly review: ReturnType<typeof createReview>
  readonly library: Library
  readonly limiter: Limiter
  readonly route: RouteEvent
  readonly endpoints: Endpoints
  /** Posts an event that never happened. */
  readonly tryEndpoint: (endpoint: Endpoint) => Promise<TryOut>
  /** The client CA as it counts at this moment; several certificates while one replaces another. */
  readonly clientAuthorities: Pick<ClientAuthorities, 'current'>
  readonly readSecret: (ref: string) => Secret
  /** When each API key was used last. */
  readonly keyUses: KeyUses
  /** Our server certificate and key, and the internal CA that Caddy's certificate must come from, as they count at this moment. */
  readonly hop: Pick<HopFiles, 'current' | 'onChange'>
  readonly sandbox: boolean
  readonly readiness: () => { readonly ready: boolean; readonly reason?: string }
  readonly log: Log
  readonly now: () => Date
  /** Requests of one remote address beyond which they are answered 429; far above what a service needs. */
  readonly floods?: FloodLimits
  /** How long passwords of the dashboard may be looked at; PLACE_TIMES when absent. */
  readonly places?: PlaceTimes
  /** How event streams behave; DEFAULT_STREAMS when absent. */
  readonly streams?: StreamLimits
}

export type FloodLimits = { readonly requests: number; readonly failures: number; readonly windowMs: number }
