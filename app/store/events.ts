import type { PosternEvent } from '../model/event.ts'
import type { Access } from './access.ts'
import type { Effects, Page } from './effects.ts'
import { listEvents, oldestSequences } from './tables/events.ts'

export type EventStore = {
  /** Events (with their deliveries) and audit entries that belong to no other act. */
  append(effects: Effects): Promise<void>
  /**
   * Oldest first, after the given cursor: an event's id. Throws `store.bad_cursor`, and `store.cursor_removed` when
   * retention has removed events behind it.
   */
  list(query: { after?: string; limit: number }): Promise<Page<PosternEvent>>
  /** From which number on the list has every event, for each account that had one and for no account. */
  oldest(): Promise<readonly Oldest[]>
}

export type Oldest = { readonly account?: string; readonly sequence: number }

export function createEventStore({ reader, writer }: Access): EventStore {
  return {
    append: effects => writer.run('events.append', effects),
    list: async query => listEvents(reader, query),
    oldest: async () => oldestSequences(reader),
  }
}
