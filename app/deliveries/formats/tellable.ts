import type { EventType, PosternEvent } from '../../model/event.ts'

/** An event as a body tells it: one that happened, or the one that `endpoint test` makes up. */
export type Tellable = Omit<PosternEvent, 'type' | 'sequence'> & {
  readonly type: EventType | 'endpoint.test'
  /** null: it is outside the count, so that it makes no gap in it. */
  readonly sequence: number | null
}

/** What other APIs say beside an event, and the event itself does not hold. */
export type Surroundings = {
  /** The account's own number. */
  readonly phone?: string
  /** What whoever wrote calls themselves. */
  readonly name?: string
}
