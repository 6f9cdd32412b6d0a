import type { Log } from '../../lib/log.ts'
import type { Actor, AuditDraft } from '../../model/audit.ts'
import type { EventType, JsonObject, NewEvent, RouteEvent } from '../../model/event.ts'
import type { Store } from '../../store/store.ts'
import { wordsOf } from '../socket/library-log.ts'

export type NoticesDeps = {
  readonly account: string
  readonly store: Store
  readonly route: RouteEvent
  readonly log: Log
  readonly now: () => Date
}

/** How one account's session tells the world and the audit chain what happened to it. */
export type Notices = {
  event(type: EventType, about?: JsonObject): NewEvent
  audit(action: string, by: Actor, detail?: JsonObject): AuditDraft
  /** Stores an event that belongs to no other write. */
  tell(type: EventType, about?: JsonObject): void
  /** For work that nobody waits for: its failure is a line in the log, not the end of the process. */
  unattended(work: Promise<unknown>): void
}

export function createNotices({ account, store, route, log, now }: NoticesDeps): Notices {
  const notices: Notices = {
    event: (type, about = {}) => route({ type, account, data: { account, ...about } }),
    audit: (action, by, detail = {}) => ({
      at: now(),
      principal: by.principal,
      ...(by.credential === undefined ? {} : { credential: by.credential }),
      ...(by.ip === undefined ? {} : { ip: by.ip }),
      action,
      target: account,
      decision: 'done',
      detail,
    }),
    tell(type, about) {
      notices.unattended(store.events.append({ events: [notices.event(type, about)] }))
    },
    unattended(work) {
      work.catch(error => log.error('whatsapp.not_recorded', { account, reason: wordsOf(error) }))
    },
  }
  return notices
}
