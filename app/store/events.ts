import type { PosternEvent } from '../model/event.ts'
import type { Effects, Page } from './effects.ts'

export type EventStore = {
  /** Events (with their deliveries) and audit entries that belong to no other act. */
  append(effects: Effects): Promise<void>
  /** Oldest first, after the given cursor. */
  list(query: { after?: string; limit: number }): Promise<Page<PosternEvent>>
}
