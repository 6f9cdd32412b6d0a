export const EVENT_TYPES = [
  'message.received',
  'message.queued',
  'message.held',
  'message.sent',
  'message.delivered',
  'message.read',
  'message.played',
  'message.failed',
  'message.edited',
  'message.revoked',
  'message.reaction',
  'poll.vote',
  'account.linked',
  'account.connected',
  'account.disconnected',
  'account.logged_out',
  'account.replaced',
  'group.updated',
  'group.participants',
  'contact.updated',
  'contact.opted_out',
  'contact.opted_in',
  'call.received',
  'endpoint.disabled',
  'endpoint.enabled',
  'policy.applied',
  'policy.rejected',
  'limit.reached',
  'security.alert',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** Something that happened, before it has an id: what the rest of the app writes. `data` is what the world gets, in snake_case. */
export type EventDraft = {
  readonly type: EventType
  readonly account?: string
  /** The lane of per-chat ordering; absent for events that belong to no chat. */
  readonly chat?: string
  readonly data: JsonObject
}

/**
 * An immutable fact we tell the world. `sequence` counts the events of its account (those of no account by themselves)
 * from 1 without a gap, so that whoever reads them can show that none was missed.
 */
export type PosternEvent = EventDraft & { readonly id: string; readonly at: Date; readonly sequence: number }

/** One event owed to one endpoint, before it is stored. `lane` keys the order: deliveries of one lane leave one after another; `''` is unordered. */
export type NewDelivery = { readonly id: string; readonly endpoint: string; readonly lane: string }

/** An event with the deliveries owed for it: stored together, or not at all. Its number is given in that transaction. */
export type NewEvent = Omit<PosternEvent, 'sequence'> & { readonly deliveries: readonly NewDelivery[] }

/** Turns a draft into an event with its deliveries, by the webhooks of the policy in force. `start.ts` passes it to whoever writes events. */
export type RouteEvent = (draft: EventDraft) => NewEvent
