import { EVENT_TYPES, type PosternEvent } from '../../model/event.ts'
import type { Page } from '../../store/effects.ts'
import { type Answer, invalid, json, type Parsed, parsed } from '../answer.ts'
import { may } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { readLimit, readQuery } from '../schemas/query.ts'
import { eventJson } from '../wire/webhook.ts'
import { type Route, V1_SITES } from './route.ts'

type EventDeps = Pick<HttpDeps, 'store'>

/** What a caller asked for; an absent filter lets everything through that it may read. */
type Filter = { readonly types?: ReadonlySet<string>; readonly account?: string }

const MAX_WAIT_S = 30

/** `GET /v1/events`: what happened after a cursor, oldest first, one page; `wait=` seconds for a first event to come. */
export function eventRoutes({ store }: EventDeps): readonly Route[] {
  return [
    {
      method: 'get',
      path: '/v1/events',
      sites: V1_SITES,
      access: { kind: 'any-account', action: 'events.read' },
      handle: call => list(call, { store }),
    },
  ]
}

async function list(call: Call, { store }: EventDeps): Promise<Answer> {
  const query = readQuery(call.request, ['after', 'types', 'account', 'wait', 'limit'])
  if (query.kind === 'problem') return query
  const limit = readLimit(query.value.limit)
  if (limit.kind === 'problem') return limit
  const waitMs = readWait(query.value.wait)
  if (waitMs.kind === 'problem') return waitMs
  const types = readTypes(query.value.types)
  if (types.kind === 'problem') return types
  const { account, after } = query.value
  const filter = { ...types.value, ...(account === undefined ? {} : { account }) }
  const deadline = Date.now() + waitMs.value
  let cursor = after
  for (;;) {
    // Listening starts before reading, so that nothing falls between the two.
    const more = nextEvents(store, call.gone, deadline)
    const page = await store.events.list({
      limit: limit.value,
      ...(cursor === undefined ? {} : { after: cursor }),
    })
    cursor = page.items.at(-1)?.id ?? cursor
    const data = visible(call, page, filter)
    if (data.length > 0 || (page.next === null && Date.now() >= deadline) || call.gone.aborted) {
      more.forget()
      return json({ data: data.map(eventJson), next: cursor ?? null })
    }
    if (page.next === null) await more.promise
    more.forget()
  }
}

function visible(call: Call, page: Page<PosternEvent>, filter: Filter): readonly PosternEvent[] {
  return page.items.filter(event => {
    if (filter.types !== undefined && !filter.types.has(event.type)) return false
    if (filter.account !== undefined && filter.account !== event.account) return false
    const resource = event.account === undefined ? {} : { account: event.account }
    return may(call, 'events.read', resource).effect === 'allow'
  })
}

/** Resolves when events were committed, the time is over, or the caller is gone. */
function nextEvents(
  store: HttpDeps['store'],
  gone: AbortSignal,
  deadline: number,
): { promise: Promise<void>; forget(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = store.onCommit(topics => {
    if (topics.has('events')) resolve()
  })
  const timer = setTimeout(resolve, Math.max(0, deadline - Date.now()))
  const leave = () => resolve()
  gone.addEventListener('abort', leave)
  const forget = () => {
    stop()
    clearTimeout(timer)
    gone.removeEventListener('abort', leave)
  }
  return { promise, forget }
}

function readWait(text: string | undefined): Parsed<number> {
  if (text === undefined) return parsed(0)
  const seconds = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  return seconds <= MAX_WAIT_S
    ? parsed(seconds * 1_000)
    : invalid('wait', `must be seconds, from 0 to ${MAX_WAIT_S}`)
}

/** `types=message.received,account.*` */
function readTypes(text: string | undefined): Parsed<Pick<Filter, 'types'>> {
  if (text === undefined) return parsed({})
  const types = new Set<string>()
  for (const word of text.split(',')) {
    const prefix = word.endsWith('.*') ? word.slice(0, -1) : undefined
    const matched = EVENT_TYPES.filter(type =>
      prefix === undefined ? type === word : type.startsWith(prefix),
    )
    if (matched.length === 0) return invalid('types', `has "${word}", and there is no such event type`)
    for (const type of matched) types.add(type)
  }
  return parsed({ types })
}
