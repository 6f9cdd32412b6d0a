import { EVENT_TYPES, type PosternEvent } from '../../model/event.ts'
import { invalid, type Parsed, parsed } from '../answer.ts'
import type { EVENT_STREAM } from '../schemas/queries.ts'
import type { Query } from '../schemas/query.ts'

/** What a reader asked for; an absent filter lets everything through that it may read. */
export type Filter = { readonly types?: ReadonlySet<string>; readonly account?: string }

/** Where a reader begins, and what it wants. */
export type EventQuery = { readonly filter: Filter; readonly after?: string }

/** What the parameters ask for that a page and a stream have in common. */
export function wantedBy({ after, types: list, account }: Query<typeof EVENT_STREAM>): Parsed<EventQuery> {
  const types = readTypes(list)
  if (types.kind === 'problem') return types
  const filter = { ...types.value, ...(account === undefined ? {} : { account }) }
  return parsed({ filter, ...(after === undefined ? {} : { after }) })
}

/** Whether the reader wants it; whether it may have it, the policy says. */
export function isWanted(event: PosternEvent, { types, account }: Filter): boolean {
  if (types !== undefined && !types.has(event.type)) return false
  return account === undefined || account === event.account
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
