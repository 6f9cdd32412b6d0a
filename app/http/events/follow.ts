import { setImmediate } from 'node:timers/promises'
import { PosternError, reasonOf } from '../../lib/error.ts'
import type { PosternEvent } from '../../model/event.ts'
import type { Oldest } from '../../store/events.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { type EventQuery, isWanted } from './filter.ts'
import { mayRead } from './judge.ts'
import { nextEvents } from './wake.ts'
import { type Ending, STOPPING, type Watch } from './watch.ts'

/** What a stream tells its reader, in this order: `opened`, events and heartbeats, `closed`. */
export type StreamItem =
  /** From which numbers on nothing is missing, for what the reader may read. */
  | { readonly kind: 'opened'; readonly oldest: readonly Oldest[] }
  | { readonly kind: 'event'; readonly event: PosternEvent }
  /** Nothing for the reader has happened up to this cursor. */
  | { readonly kind: 'heartbeat'; readonly cursor?: string }
  | { readonly kind: 'closed'; readonly reason: Ending }

export type FollowDeps = Pick<HttpDeps, 'store' | 'onPolicyChange' | 'now' | 'log'> & {
  readonly heartbeatMs: number
  readonly watch: Watch
}

/** Events read at once: what a stream holds in memory for a reader that does not take them. */
const PAGE = 50

/**
 * The events after a cursor as they happen. Nothing is read before the reader has taken what was read already, so that
 * one who is slow or far behind costs a page of memory and reads on from the disk. No event follows once the judge has ended it.
 */
export async function* follow(call: Call, query: EventQuery, deps: FollowDeps): AsyncGenerator<StreamItem> {
  const { judge, ended } = deps.watch
  const told = AbortSignal.any([call.gone, ended])
  let cursor = query.after
  let beatAt = deps.now().getTime() + deps.heartbeatMs
  const oldest = await deps.store.events.oldest()
  yield { kind: 'opened', oldest: oldest.filter(of => mayRead(call, of)) }
  for (;;) {
    const more = nextEvents(deps, told, beatAt - deps.now().getTime())
    try {
      const before = judge()
      const page = before.kind === 'ended' ? before : await nextPage(cursor, deps)
      if (page.kind === 'ended') return yield { kind: 'closed', reason: page.reason }
      for (const event of page.items) {
        const judged = judge() // for each anew: who takes them slowly can lose the right between two
        if (judged.kind === 'ended') return yield { kind: 'closed', reason: judged.reason }
        cursor = event.id
        if (!isWanted(event, query.filter) || !judged.may(event)) continue
        beatAt = deps.now().getTime() + deps.heartbeatMs
        yield { kind: 'event', event }
      }
      if (page.next !== null) {
        if (call.gone.aborted) return
        await setImmediate() // a long list of what is not for this reader must not hold up the sockets
        continue
      }
      if (deps.now().getTime() >= beatAt) {
        beatAt = deps.now().getTime() + deps.heartbeatMs
        yield { kind: 'heartbeat', ...(cursor === undefined ? {} : { cursor }) }
      }
      await more.promise
    } finally {
      more.forget()
    }
  }
}

type NextPage =
  | { readonly kind: 'page'; readonly items: readonly PosternEvent[]; readonly next: string | null }
  | { readonly kind: 'ended'; readonly reason: Ending }

async function nextPage(after: string | undefined, { store, log }: FollowDeps): Promise<NextPage> {
  try {
    const page = await store.events.list({ limit: PAGE, ...(after === undefined ? {} : { after }) })
    return { kind: 'page', ...page }
  } catch (error) {
    const code = error instanceof PosternError ? error.code : ''
    if (code === 'store.cursor_removed') return { kind: 'ended', reason: 'removed' }
    if (code === 'store.closed') return STOPPING
    log.error('events.stream_failed', { reason: reasonOf(error) })
    return { kind: 'ended', reason: 'failed' }
  }
}
