import { type Answer, problem } from '../answer.ts'
import type { AuthorizeDeps } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { EVENT_STREAM } from '../schemas/queries.ts'
import { queryReader } from '../schemas/query.ts'
import { wantedBy } from './filter.ts'
import { follow } from './follow.ts'
import { watchStream } from './watch.ts'

export type StreamDeps = AuthorizeDeps & Pick<HttpDeps, 'policy' | 'onPolicyChange' | 'log' | 'streams'>

/** How streams behave: a heartbeat after so much silence, cut off after taking nothing for so long, so many a principal. */
export type StreamLimits = {
  readonly heartbeatMs: number
  readonly stallMs: number
  readonly perPrincipal: number
}

export const DEFAULT_STREAMS: StreamLimits = { heartbeatMs: 15_000, stallMs: 60_000, perPrincipal: 10 }

const readStream = queryReader(EVENT_STREAM)

/** Makes the opener of event streams, which counts those that each principal has open. */
export function createStreams(deps: StreamDeps): (call: Call) => Promise<Answer> {
  const limits = deps.streams ?? DEFAULT_STREAMS
  const open = new Map<string, number>()

  return async call => {
    const query = readStream(call.request)
    if (query.kind === 'problem') return query
    const wanted = wantedBy(query.value)
    if (wanted.kind === 'problem') return wanted
    const after = call.request.get('last-event-id') ?? wanted.value.after
    // A cursor that cannot be used is refused while there still is a status to say it with.
    if (after !== undefined) await deps.store.events.list({ after, limit: 1 })
    if (!enter(call)) {
      const detail = `This principal has ${limits.perPrincipal} streams open already; close one first.`
      return problem('limited', detail, { headers: { 'Retry-After': '30' } })
    }
    const start = { filter: wanted.value.filter, ...(after === undefined ? {} : { after }) }
    const watch = watchStream(call, deps)
    const items = follow(call, start, { ...deps, ...limits, watch })
    return { kind: 'stream', items, stallMs: limits.stallMs, cut: watch.cut }
  }

  /** The place is free again when the request ends, however it ends. */
  function enter({ principal, gone }: Call): boolean {
    const count = open.get(principal.name) ?? 0
    if (count >= limits.perPrincipal || gone.aborted) return false
    open.set(principal.name, count + 1)
    gone.addEventListener('abort', () => leave(principal.name), { once: true })
    return true
  }

  function leave(principal: string): void {
    const count = (open.get(principal) ?? 1) - 1
    if (count === 0) open.delete(principal)
    else open.set(principal, count)
  }
}
