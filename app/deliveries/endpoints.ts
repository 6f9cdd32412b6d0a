import type { Log } from '../lib/log.ts'
import { type Actor, SYSTEM } from '../model/audit.ts'
import type { RouteEvent } from '../model/event.ts'
import type { Endpoint } from '../policy/snapshot.ts'
import type { Effects } from '../store/effects.ts'
import type { EndpointHealth } from '../store/endpoints.ts'
import type { Store } from '../store/store.ts'
import { afterFailure, afterSuccess, gateOf, healthy } from './breaker.ts'
import { createRecent, type Recent } from './recent.ts'

export type EndpointDeps = {
  readonly store: Store
  readonly route: RouteEvent
  readonly log: Log
  readonly now: () => Date
  readonly random: () => number
}

/** How one attempt ended, as far as it says something about the endpoint. */
export type Ending = {
  readonly kind: 'ok' | 'failed' | 'gone'
  readonly startedAt: Date
  readonly endedAt: Date
}

/** What is to be written with the attempt. */
export type Learned = { readonly health: EndpointHealth; readonly effects?: Effects }

/** What every endpoint is like: read once, then kept here and written with each attempt. */
export type Endpoints = {
  /** Reads what was known before this start. */
  load(): Promise<void>
  get(endpoint: string): EndpointHealth
  /** How many attempts may run at once now. */
  allowance(endpoint: Endpoint): number
  learn(endpoint: string, ending: Ending): Learned
  /** Lets a disabled endpoint, or one whose breaker is open, have everything it is owed now. False when it was neither. */
  enable(endpoint: string, actor: Actor): Promise<boolean>
}

export function createEndpoints(deps: EndpointDeps): Endpoints {
  const { store, log, now, random } = deps
  const known = new Map<string, EndpointHealth>()
  const recents = new Map<string, Recent>()

  function get(endpoint: string): EndpointHealth {
    return known.get(endpoint) ?? healthy(endpoint)
  }

  function learn(endpoint: string, { kind, startedAt, endedAt }: Ending): Learned {
    const before = get(endpoint)
    const recent = recents.get(endpoint) ?? createRecent()
    recents.set(endpoint, recent)
    recent.add(kind === 'ok', endedAt)
    const failure = { startedAt, endedAt, gone: kind === 'gone', recent, random }
    const after = kind === 'ok' ? afterSuccess(before, endedAt) : afterFailure(before, failure)
    if (before.openUntil !== undefined && after.openUntil === undefined) recents.delete(endpoint)
    known.set(endpoint, after)
    report(log, before, after)
    const disabledNow = before.disabled === undefined && after.disabled !== undefined
    return { health: after, ...(disabledNow ? { effects: disabledEffects(after, deps) } : {}) }
  }

  return {
    async load() {
      for (const health of await store.endpoints.list()) known.set(health.endpoint, health)
    },
    get,
    allowance({ name, concurrency }) {
      const gate = gateOf(get(name), now())
      return gate === 'open' ? concurrency : gate === 'probe' ? 1 : 0
    },
    learn,
    async enable(endpoint, actor) {
      const before = get(endpoint)
      if (before.disabled === undefined && before.openUntil === undefined) return false
      const { lastSuccessAt, lastFailureAt } = before
      const after: EndpointHealth = {
        ...healthy(endpoint),
        ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
        ...(lastFailureAt === undefined ? {} : { lastFailureAt }),
      }
      await store.endpoints.put(
        after,
        changed('endpoint.enabled', { data: { endpoint, by: actor.principal }, actor }, deps),
      )
      known.set(endpoint, after)
      recents.delete(endpoint)
      await store.deliveries.hasten(endpoint, now()) // wakes the worker as well
      return true
    },
  }
}

function report(log: Log, before: EndpointHealth, after: EndpointHealth): void {
  const { endpoint, openUntil, failureCount, disabled } = after
  if (before.openUntil === undefined && openUntil !== undefined) {
    log.warn('endpoint.breaker_opened', { endpoint, failureCount, openUntil: openUntil.toISOString() })
  }
  if (before.openUntil !== undefined && openUntil === undefined) {
    log.info('endpoint.breaker_closed', { endpoint })
  }
  if (before.disabled === undefined && disabled !== undefined) {
    log.error('endpoint.disabled', { endpoint, because: disabled.because })
  }
}

function disabledEffects(health: EndpointHealth, deps: EndpointDeps): Effects {
  const { endpoint, failingSince, disabled, lastSuccessAt } = health
  const data = {
    endpoint,
    because: disabled?.because ?? null,
    failing_since: failingSince?.toISOString() ?? null,
    last_success_at: lastSuccessAt?.toISOString() ?? null,
  }
  return changed('endpoint.disabled', { data, actor: SYSTEM }, deps)
}

type Change = {
  readonly data: { readonly endpoint: string; readonly [name: string]: string | null }
  readonly actor: Actor
}

function changed(
  type: 'endpoint.disabled' | 'endpoint.enabled',
  { data, actor }: Change,
  { route, now }: EndpointDeps,
): Effects {
  const { endpoint: target, ...detail } = data
  const entry = { ...actor, at: now(), action: type, target, decision: 'done', detail } as const
  return { events: [route({ type, data })], audit: [entry] }
}
