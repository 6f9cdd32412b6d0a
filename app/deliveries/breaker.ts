import { type Backoff, backoffMs } from '../lib/backoff.ts'
import type { EndpointHealth } from '../store/endpoints.ts'
import type { Recent } from './recent.ts'
import { LONGEST_WAIT_MS } from './schedule.ts'

const TRIP_AT_FAILURES = 10
const TRIP_AT_SHARE = 0.7
const ENOUGH_ATTEMPTS = 10
const PROBES: Backoff = { baseMs: 30_000, maxMs: 10 * 60_000 }
const HOUR_MS = 60 * 60 * 1_000
const DISABLE_AFTER_MS = 5 * 24 * HOUR_MS
/** Failures further apart do not show that it failed in between: nothing was tried. Some hours more, for the attempts themselves and for an app that was down. */
const APART_MS = LONGEST_WAIT_MS + 6 * HOUR_MS

/** One attempt that failed. `recent` counts it already. */
export type Failure = {
  readonly startedAt: Date
  readonly endedAt: Date
  /** The endpoint answered 410. */
  readonly gone: boolean
  readonly recent: Recent
  readonly random: () => number
}

/** What an endpoint may take now: everything, one attempt to find out, or nothing. */
export type Gate = 'open' | 'probe' | 'shut'

export function healthy(endpoint: string): EndpointHealth {
  return { endpoint, failureCount: 0, probeCount: 0 }
}

export function gateOf({ disabled, openUntil }: EndpointHealth, now: Date): Gate {
  if (disabled !== undefined) return 'shut'
  if (openUntil === undefined) return 'open'
  return openUntil <= now ? 'probe' : 'shut'
}

/** One success closes the breaker: the endpoint has shown that it takes webhooks. */
export function afterSuccess({ endpoint, disabled }: EndpointHealth, at: Date): EndpointHealth {
  return { ...healthy(endpoint), lastSuccessAt: at, ...(disabled === undefined ? {} : { disabled }) }
}

/**
 * Trips the breaker at 10 failures in a row, or when 70 % of at least 10 attempts in 5 minutes failed; a failed probe
 * doubles the wait for the next. Disables after 5 days in which one attempt after the other failed, and at once when the endpoint
 * is gone.
 */
export function afterFailure(health: EndpointHealth, failure: Failure): EndpointHealth {
  const { startedAt, endedAt, gone } = failure
  const failingSince = failedBefore(health, startedAt) ?? startedAt
  const counted = {
    ...health,
    failureCount: health.failureCount + 1,
    failingSince,
    lastFailureAt: endedAt,
  }
  const tooLong = endedAt.getTime() - failingSince.getTime() >= DISABLE_AFTER_MS
  const because = gone ? 'gone' : 'failing'
  const judged =
    health.disabled === undefined && (gone || tooLong)
      ? { ...counted, disabled: { at: endedAt, because } as const }
      : counted
  return { ...judged, ...breakerAfter(judged, failure) }
}

/** Since when it has failed without a pause; undefined when it begins to now. */
function failedBefore({ failingSince, lastFailureAt }: EndpointHealth, at: Date): Date | undefined {
  return at.getTime() - (lastFailureAt?.getTime() ?? 0) <= APART_MS ? failingSince : undefined
}

type Breaker = Pick<EndpointHealth, 'openUntil' | 'probeCount'>

function breakerAfter(health: EndpointHealth, { startedAt, endedAt, recent, random }: Failure): Breaker {
  const { openUntil, probeCount } = health
  const openFor = (failedProbes: number): Breaker => ({
    openUntil: new Date(endedAt.getTime() + backoffMs(failedProbes, PROBES, random)),
    probeCount: failedProbes,
  })
  if (openUntil === undefined) return trips(health, recent, endedAt) ? openFor(0) : { probeCount }
  // What was under way when it opened says nothing new.
  return startedAt < openUntil ? { openUntil, probeCount } : openFor(probeCount + 1)
}

function trips({ failureCount }: EndpointHealth, recent: Recent, at: Date): boolean {
  if (failureCount >= TRIP_AT_FAILURES) return true
  const { total, failed } = recent.count(at)
  return total >= ENOUGH_ATTEMPTS && failed >= TRIP_AT_SHARE * total
}
