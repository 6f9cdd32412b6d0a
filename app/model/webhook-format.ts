import { EVENT_TYPES, type EventType } from './event.ts'

export const WEBHOOK_FORMATS = ['postern', 'cloud-api', 'whinself'] as const

/** In which API's words an endpoint is told of events. */
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number]

/** What each format has a form for: those of other APIs know messages alone. */
export const TOLD_EVENTS: Readonly<Record<WebhookFormat, ReadonlySet<EventType>>> = {
  postern: new Set(EVENT_TYPES),
  'cloud-api': new Set<EventType>([
    'message.received',
    'message.sent',
    'message.delivered',
    'message.read',
    'message.played',
    'message.failed',
    'message.edited',
    'message.revoked',
    'message.reaction',
    'poll.vote',
  ]),
  whinself: new Set<EventType>(['message.received', 'message.edited', 'message.revoked', 'message.reaction']),
}
