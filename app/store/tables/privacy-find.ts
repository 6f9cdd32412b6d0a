import { undamaged } from '../database/failures.ts'
import type { Finding, Found, StoredIn, Stretch } from '../privacy.ts'
import type { Source } from '../writer/transaction.ts'
import { type DecisionRow, toRecord } from './decisions.ts'
import { EVENT_COLUMNS, type EventRow, toEvent } from './events.ts'
import { MEDIA, type MediaRow, toItem } from './media.ts'
import { MESSAGES, type MessageRow, toMessage } from './message-row.ts'
import { type Person, personOf } from './person.ts'

/** History that came late has numbers below those of what was there before it, and below zero. */
const BEFORE_ALL = Number.MIN_SAFE_INTEGER

/** Rows that one stretch looks at. */
const LOOKED_AT = 100

export type NumberedEvent = EventRow & { readonly seq: number }
export type JournalBlobs = {
  readonly seq: number
  readonly account: string
  readonly digest: Uint8Array
  readonly stanza: Uint8Array
}

type Rows = {
  readonly messages: MessageRow
  readonly events: NumberedEvent
  readonly decisions: DecisionRow
  readonly media: MediaRow
  readonly journal: JournalBlobs
}

const QUERIES: Readonly<Record<StoredIn, string>> = {
  messages: `${MESSAGES} WHERE seq > ? ORDER BY seq LIMIT ?`,
  events: `SELECT events.seq, ${EVENT_COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT ?`,
  decisions: 'SELECT id, body FROM decisions WHERE id > ? ORDER BY id LIMIT ?',
  media: `${MEDIA} WHERE seq > ? ORDER BY seq LIMIT ?`,
  journal:
    'SELECT seq, account, digest, stanza FROM journal WHERE recorded_at IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?',
}

/** The rows of a stretch, and where the one after it begins. */
export function rowsOf<What extends StoredIn>(
  { db }: Source,
  what: What,
  after: string,
): { readonly rows: readonly Rows[What][]; readonly next: string | null } {
  const from = what === 'decisions' ? after : after === '' ? BEFORE_ALL : Number(after)
  const rows = db.all<Rows[What]>(QUERIES[what], from, LOOKED_AT)
  const last = rows.at(-1)
  const place = last === undefined ? undefined : String('seq' in last ? last.seq : last.id)
  return { rows, next: rows.length < LOOKED_AT ? null : (place ?? null) }
}

/** Whom an event is about is told at these places of it; elsewhere a contact is one of several. */
export function isAbout(
  person: Person,
  { chat, data }: Pick<ReturnType<typeof toEvent>, 'chat' | 'data'>,
): boolean {
  return [chat, data.chat, data.from, data.to, data.contact].some(
    name => typeof name === 'string' && person.is(name),
  )
}

/** What is damaged is left out: nobody knows whose it is, nor can read it. */
export function find(source: Source, contact: string, { what, after }: Stretch): Found {
  const person = personOf(source, contact)
  switch (what) {
    case 'messages': {
      const { rows, next } = rowsOf(source, what, after)
      const messages = undamaged(rows, row => toMessage(source, row))
      const theirs = messages.filter(({ item }) => person.is(item.chat) || person.is(item.from ?? ''))
      return { next, findings: theirs.map(({ item: message }) => ({ kind: 'message', message }) as const) }
    }
    case 'events': {
      const { rows, next } = rowsOf(source, what, after)
      const events = undamaged(rows, row => toEvent(source, row))
      const theirs = events.filter(({ item }) => isAbout(person, item))
      return { next, findings: theirs.map(({ item: event }) => ({ kind: 'event', event }) as const) }
    }
    case 'decisions': {
      const { rows, next } = rowsOf(source, what, after)
      const decisions = undamaged(rows, row => toRecord(source, row))
      const theirs = decisions.filter(({ item }) => person.is(item.request.to ?? ''))
      return { next, findings: theirs.map(({ item: decision }): Finding => ({ kind: 'decision', decision })) }
    }
    case 'media': {
      const { rows, next } = rowsOf(source, what, after)
      const items = undamaged(rows, row => toItem(source, row))
      const theirs = items.filter(({ item }) => person.is(item.chat ?? ''))
      return { next, findings: theirs.map(({ item }): Finding => ({ kind: 'file', item })) }
    }
    case 'journal':
      return { findings: [], next: null } // says what the messages say
  }
}
