import { gateOf } from '../../deliveries/breaker.ts'
import type { TryOut } from '../../deliveries/try-out.ts'
import type { Endpoint } from '../../policy/snapshot.ts'
import type { OwedCount } from '../../store/deliveries.ts'
import type { EndpointHealth } from '../../store/endpoints.ts'

/** What an endpoint is like at an instant. */
export type EndpointState = EndpointHealth & OwedCount & { readonly at: Date }

/** An endpoint as the policy declares it, without its secrets, and what it is like. */
export function endpointJson(endpoint: Endpoint, state: EndpointState): object {
  return {
    name: endpoint.name,
    url: endpoint.url,
    events: [...endpoint.events].sort(),
    accounts: endpoint.accounts === undefined ? null : [...endpoint.accounts].sort(),
    format: endpoint.format,
    order: endpoint.order,
    payload: endpoint.payload,
    sign: { scheme: endpoint.signScheme },
    timeout_ms: endpoint.timeoutMs,
    concurrency: endpoint.concurrency,
    retry: { schedule: endpoint.retry.schedule, max_age_ms: endpoint.retry.maxAgeMs },
    health: healthJson(state),
  }
}

function healthJson(state: EndpointState): object {
  const { disabled, openUntil } = state
  return {
    state: disabled === undefined ? 'enabled' : 'disabled',
    disabled_at: instant(disabled?.at),
    disabled_because: disabled?.because ?? null,
    breaker: breakerWord(state),
    breaker_open_until: instant(openUntil),
    pending: state.pending,
    dead: state.dead,
    failure_count: state.failureCount,
    failing_since: instant(state.failingSince),
    last_success_at: instant(state.lastSuccessAt),
    last_failure_at: instant(state.lastFailureAt),
  }
}

function breakerWord(state: EndpointState): 'closed' | 'open' | 'half_open' {
  if (state.openUntil === undefined) return 'closed'
  return gateOf(state, state.at) === 'probe' ? 'half_open' : 'open'
}

/** What came of `POST /v1/endpoints/{name}/test`. */
export function tryOutJson({ taken, eventId, status, reason, answer, tookMs }: TryOut): object {
  return {
    taken,
    event: eventId,
    status: status ?? null,
    reason: reason ?? null,
    answer: answer ?? null,
    took_ms: tookMs,
  }
}

function instant(at: Date | undefined): string | null {
  return at?.toISOString() ?? null
}
