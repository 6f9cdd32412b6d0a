import { EMPTY_SCHEMA } from '../../schemas/link.ts'
import { DELIVERY_LIST, EVENT_PAGE } from '../../schemas/queries.ts'
import { REPLAY_SCHEMA } from '../../schemas/replay.ts'
import { a, json, mayTake, type Operations, pageOf, takes } from '../operation.ts'
import { COUNT, listOf, oneOfWords, orNull, ref, shape, TEXT } from '../shapes/shape.ts'

const ENDPOINT = '/v1/endpoints/:name'
const DELIVERIES = '/v1/deliveries'

export const WEBHOOK_OPERATIONS: Operations = {
  'GET /v1/events': {
    id: 'listEvents',
    summary:
      'What happened after a cursor, oldest first: one page as JSON; as text/event-stream, or over WebSocket, everything from there on as it happens. A stream goes on after its "Last-Event-ID" and takes no wait and no limit.',
    query: EVENT_PAGE,
    answers: {
      200: {
        ...json(shape({ data: listOf(ref('Event')), next: orNull(TEXT), oldest: listOf(ref('Oldest')) })),
        'text/event-stream': { type: 'string' },
      },
    },
    problems: ['cross-site', 'gone', 'not-acceptable'],
  },
  'GET /v1/endpoints': {
    id: 'listEndpoints',
    summary: 'The endpoints that the policy declares, and how they fare.',
    answers: { 200: pageOf('Endpoint') },
  },
  [`POST ${ENDPOINT}/test`]: {
    id: 'testEndpoint',
    summary: 'Posts an event that never happened, signed like any other.',
    body: mayTake(EMPTY_SCHEMA),
    answers: { 200: a('TryOut') },
    problems: ['not-found'],
  },
  [`POST ${ENDPOINT}/enable`]: {
    id: 'enableEndpoint',
    summary: 'Goes on delivering to an endpoint that was disabled, or is left alone after failures.',
    body: mayTake(EMPTY_SCHEMA),
    answers: { 200: json(shape({ name: TEXT, state: oneOfWords(['enabled']) })) },
    problems: ['not-found', 'conflict'],
  },
  [`GET ${DELIVERIES}`]: {
    id: 'listDeliveries',
    summary: 'What is owed to endpoints and what became of it, the latest first.',
    query: DELIVERY_LIST,
    answers: { 200: pageOf('Delivery') },
  },
  [`POST ${DELIVERIES}/replay`]: {
    id: 'replayDeliveries',
    summary: 'Delivers once more what matches: the dead ones where nothing else is said.',
    body: takes(REPLAY_SCHEMA, { dead: { endpoint: 'ledger', from: '2026-01-01T00:00:00Z' } }),
    answers: { 202: json(shape({ endpoint: TEXT, status: TEXT, replayed: COUNT })) },
  },
  [`GET ${DELIVERIES}/:id`]: {
    id: 'getDelivery',
    summary: 'A delivery with its attempts.',
    answers: { 200: a('Delivery') },
  },
  [`POST ${DELIVERIES}/:id/replay`]: {
    id: 'replayDelivery',
    summary: 'Delivers one once more.',
    answers: { 202: a('Delivery') },
    problems: ['conflict'],
  },
}
