import { EVENT_TYPES } from '../../../model/event.ts'
import { COUNT, FLAG, INSTANT, listOf, oneOfWords, orNull, shape, TEXT } from './shape.ts'

const TYPE = oneOfWords(EVENT_TYPES)

/** Events, and who is told of them. */
export const WEBHOOK_SHAPES = {
  Event: shape(
    {
      ...{ id: TEXT, type: TYPE, timestamp: INSTANT, account: TEXT },
      sequence: { ...COUNT, description: 'counts the events of its account without a gap' },
      data: {
        type: 'object',
        description:
          'what happened; of a message, what it says. `{"erased": true}` once its contact was erased, `{"damaged": true}` where the disk has lost it',
      },
    },
    ['account'],
  ),
  Oldest: {
    ...shape({ account: orNull(TEXT), sequence: COUNT }),
    description: 'From which number on every event of an account is still kept.',
  },
  Endpoint: shape({
    ...{ name: TEXT, url: TEXT, events: listOf(TYPE), accounts: orNull(listOf(TEXT)), format: TEXT },
    ...{ order: oneOfWords(['none', 'per-chat', 'per-account']), sign: shape({ scheme: TEXT }) },
    payload: shape({ body: oneOfWords(['full', 'none']), contact: oneOfWords(['clear', 'hash']) }),
    ...{ timeout_ms: COUNT, concurrency: COUNT, retry: shape({ schedule: TEXT, max_age_ms: COUNT }) },
    health: shape({
      ...{ state: oneOfWords(['enabled', 'disabled']), disabled_at: orNull(INSTANT) },
      ...{ disabled_because: orNull(TEXT), breaker: oneOfWords(['closed', 'open', 'half_open']) },
      ...{ breaker_open_until: orNull(INSTANT), pending: COUNT, dead: COUNT, failure_count: COUNT },
      ...{ failing_since: orNull(INSTANT), last_success_at: orNull(INSTANT) },
      last_failure_at: orNull(INSTANT),
    }),
  }),
  TryOut: shape({
    ...{ taken: FLAG, event: TEXT, status: orNull(COUNT), reason: orNull(TEXT), answer: orNull(TEXT) },
    took_ms: { type: 'number' },
  }),
  Delivery: shape({
    ...{ id: TEXT, endpoint: TEXT, status: oneOfWords(['pending', 'delivered', 'dead']) },
    event: shape({ id: TEXT, type: TYPE, account: orNull(TEXT) }),
    ...{ created_at: INSTANT, due_at: orNull(INSTANT), attempt_count: COUNT },
    attempts: listOf(
      shape(
        {
          ...{ at: INSTANT, status: orNull(COUNT), reason: orNull(TEXT), took_ms: { type: 'number' } },
          answer: TEXT,
        },
        ['answer'],
      ),
    ),
  }),
} as const
