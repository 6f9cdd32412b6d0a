import type { PosternEvent } from '../../model/event.ts'
import type { Delivery } from '../../store/deliveries.ts'

/** An event as the API lists it and as webhooks carry it. */
export function eventJson(event: PosternEvent): object {
  return {
    id: event.id,
    type: event.type,
    timestamp: event.at.toISOString(),
    ...(event.account === undefined ? {} : { account: event.account }),
    sequence: event.sequence,
    data: event.data,
  }
}

/** A delivery with its attempts; the event by its id and type alone, since its content is the business of `events.read`. */
export function deliveryJson(delivery: Delivery): object {
  return {
    id: delivery.id,
    endpoint: delivery.endpoint,
    status: delivery.status,
    event: { id: delivery.event.id, type: delivery.event.type, account: delivery.event.account ?? null },
    created_at: delivery.createdAt.toISOString(),
    due_at: delivery.status === 'pending' ? delivery.dueAt.toISOString() : null,
    attempt_count: delivery.attemptCount,
    attempts: delivery.attempts.map(attempt => ({
      at: attempt.at.toISOString(),
      status: attempt.status ?? null,
      reason: attempt.reason ?? null,
      took_ms: attempt.tookMs,
      ...(attempt.answer === undefined ? {} : { answer: attempt.answer }),
    })),
  }
}
