import type { PosternEvent } from '../model/event.ts'
import type { Access } from './access.ts'
import type { Effects, Page } from './effects.ts'
import { listEvents } from './tables/events.ts'

export type EventStore = {
  /** Events (with their deliveries) and audit entries that belong to no other act. */
  append(effects: Effects): Promise<void>
  /** Oldest first, after the given cursor. */
  list(query: { after?: string; limit: number }): Promise<Page<PosternEvent>>
}

export function createEventStore({ reader, writer }: Access): EventStore {
  return {
    append: effects => writer.run('events.append', effects),
    list: async query => listEvents(reader, query),
  }
}
