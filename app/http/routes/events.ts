import { setImmediate } from 'node:timers/promises'
import { type Answer, json, problem } from '../answer.ts'
import { isWanted, wantedBy } from '../events/filter.ts'
import { ACTION } from '../events/judge.ts'
import { createStreams, type StreamDeps } from '../events/streams.ts'
import { upgradeOf } from '../events/upgrade.ts'
import { nextEvents } from '../events/wake.ts'
import { watchPage } from '../events/watch.ts'
import { oldestJson } from '../events/wire.ts'
import type { Call } from '../hop/call.ts'
import { EVENT_PAGE } from '../schemas/queries.ts'
import { queryReader } from '../schemas/query.ts'
import { eventJson } from '../wire/webhook.ts'
import { type Route, V1_SITES } from './route.ts'

const readPage = queryReader(EVENT_PAGE)
const EVENT_STREAM = 'text/event-stream'

/**
 * `GET /v1/events`: what happened after a cursor, oldest first. As JSON one page, with `wait=` seconds for a first event
 * to come; as server-sent events or over WebSocket everything from there on, as it happens.
 */
export function eventRoutes(deps: StreamDeps): readonly Route[] {
  const stream = createStreams(deps)
  const handle = (call: Call) => {
    const wanted = wantedForm(call)
    if (wanted === 'stream') return stream(call)
    return wanted === 'page' ? list(call, deps) : NOT_ACCEPTABLE
  }
  return [
    {
      method: 'get',
      path: '/v1/events',
      sites: V1_SITES,
      access: { kind: 'any-account', action: ACTION },
      handle,
    },
  ]
}

const NOT_ACCEPTABLE = problem(
  'not-acceptable',
  'Events can be had as application/json, as text/event-stream or over WebSocket.',
  { headers: { Vary: 'Accept' } },
)

function wantedForm({ request }: Call): 'page' | 'stream' | undefined {
  if (upgradeOf(request) !== undefined) return 'stream'
  const accepted = request.accepts(['application/json', EVENT_STREAM])
  if (accepted === false) return undefined
  return accepted === EVENT_STREAM && request.method === 'GET' ? 'stream' : 'page'
}

/** Who loses the right while it waits is answered as its next request would be. */
async function list(call: Call, deps: StreamDeps): Promise<Answer> {
  const { store } = deps
  const query = readPage(call.request)
  if (query.kind === 'problem') return query
  const { limit, wait = 0 } = query.value
  const wanted = wantedBy(query.value)
  if (wanted.kind === 'problem') return wanted
  const { filter } = wanted.value
  const { judge, ended } = watchPage(call, deps)
  const told = AbortSignal.any([call.gone, ended])
  const deadline = Date.now() + wait * 1_000
  let cursor = query.value.after
  for (;;) {
    const more = nextEvents(deps, told, deadline - Date.now())
    try {
      const page = await store.events.list({ limit, ...(cursor === undefined ? {} : { after: cursor }) })
      const judged = judge()
      if (judged.kind === 'ended') return await judged.answer(deps)
      cursor = page.items.at(-1)?.id ?? cursor
      const data = page.items.filter(event => isWanted(event, filter) && judged.may(event))
      if (data.length > 0 || (page.next === null && Date.now() >= deadline) || call.gone.aborted) {
        const oldest = (await store.events.oldest()).filter(judged.may)
        const body = { data: data.map(eventJson), next: cursor ?? null, oldest: oldestJson(oldest) }
        return json(body, 200, { Vary: 'Accept' })
      }
      if (page.next === null) await more.promise
      else await setImmediate() // a long list of what is not for this reader must not hold up the sockets
    } finally {
      more.forget()
    }
  }
}
