import { newId } from '../lib/ids.ts'
import type { Endpoint } from '../policy/snapshot.ts'
import { type PostDeps, post } from './post.ts'

/** What became of one event that was made up to see whether an endpoint takes any. */
export type TryOut = {
  readonly taken: boolean
  readonly eventId: string
  readonly tookMs: number
  readonly status?: number
  /** Why it was not taken. */
  readonly reason?: string
  /** How the endpoint's answer began. */
  readonly answer?: string
}

/**
 * Posts an event `endpoint.test` that never happened, signed and formatted like any other. Nothing of it is stored, and
 * neither the breaker nor the schedule hears of it: it asks, it does not deliver.
 */
export async function tryOut(endpoint: Endpoint, deps: PostDeps): Promise<TryOut> {
  const at = deps.now()
  const eventId = newId('evt', at)
  const data = { endpoint: endpoint.name, note: 'Sent by hand to see whether this endpoint answers.' }
  const event = { id: eventId, type: 'endpoint.test', at, sequence: null, data } as const
  const posted = await post({ event, attempt: 1 }, endpoint, deps)
  const came = { eventId, tookMs: deps.now().getTime() - at.getTime() }
  if (posted.kind !== 'answered') return { ...came, taken: false, reason: posted.reason }
  const { status, bodyHead } = posted
  const taken = status >= 200 && status < 300
  return {
    ...came,
    taken,
    status,
    ...(taken ? {} : { reason: `endpoint answered ${status}` }),
    ...(bodyHead === '' ? {} : { answer: bodyHead }),
  }
}
