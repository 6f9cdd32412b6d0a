import type { Oldest } from '../../store/events.ts'
import { eventJson } from '../wire/webhook.ts'
import type { StreamItem } from './follow.ts'

/** From which number on every event of an account is still kept. */
export function oldestJson(oldest: readonly Oldest[]): object {
  return oldest.map(({ account, sequence }) => ({ account: account ?? null, sequence }))
}

/** How soon a browser's EventSource connects again. */
const RETRY_MS = 2_000

/** What stands in the data of an item on both kinds of stream: an event as everywhere, or news of the stream itself. */
export function itemJson(item: StreamItem): object {
  switch (item.kind) {
    case 'event':
      return eventJson(item.event)
    case 'opened':
      return { type: 'stream.opened', oldest: oldestJson(item.oldest) }
    case 'heartbeat':
      return { type: 'stream.heartbeat', cursor: item.cursor ?? null }
    case 'closed':
      return { type: 'stream.closed', reason: item.reason }
  }
}

/**
 * An item as server-sent events write it. A heartbeat is a comment that moves the reader's `Last-Event-ID` on past events
 * that were not for it, so that it does not look for them again.
 */
export function itemText(item: StreamItem): string {
  const data = `data: ${JSON.stringify(itemJson(item))}\n\n`
  switch (item.kind) {
    case 'event':
      return `id: ${item.event.id}\n${data}`
    case 'opened':
      return `retry: ${RETRY_MS}\nevent: stream.opened\n${data}`
    case 'heartbeat':
      return item.cursor === undefined ? ': heartbeat\n\n' : `: heartbeat\nid: ${item.cursor}\n\n`
    case 'closed':
      return `event: stream.closed\n${data}`
  }
}
