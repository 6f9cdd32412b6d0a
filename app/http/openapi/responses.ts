import { STATUS_CODES } from 'node:http'
import { type ProblemCode, titleOf } from '../errors.ts'
import type { Route } from '../routes/route.ts'
import { type Dialect, dialectOf } from './dialects.ts'
import type { Content, Operation } from './operation.ts'
import type { Schema } from './shapes/shape.ts'

/** On every answer. */
const HEADERS: Schema = {
  'X-Request-Id': { $ref: '#/components/headers/RequestId' },
  'Postern-Policy': { $ref: '#/components/headers/Policy' },
}
const PATIENCE: Schema = { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }

const ANYWHERE = [
  ...['malformed', 'unauthenticated', 'denied', 'limited', 'blocked', 'internal', 'not-ready'],
] as const satisfies readonly string[]

/** What the operation answers, by status, and every problem that the route can have. */
export function responsesOf(route: Pick<Route, 'method' | 'path' | 'body'>, operation: Operation): Schema {
  const good = Object.entries(operation.answers).map(([status, content]) => [
    status,
    { description: STATUS_CODES[status] ?? status, headers: HEADERS, ...contentOf(content) },
  ])
  return { ...Object.fromEntries(good), ...problemsOf(codesOf(route, operation), dialectOf(route.path)) }
}

function contentOf(content: Content): Schema {
  if (Object.keys(content).length === 0) return {}
  return {
    content: Object.fromEntries(Object.entries(content).map(([media, schema]) => [media, { schema }])),
  }
}

/** By what it is, and by what it does. */
function codesOf(
  { method, path, body }: Pick<Route, 'method' | 'path' | 'body'>,
  operation: Operation,
): readonly ProblemCode[] {
  const codes: readonly (readonly [boolean, readonly ProblemCode[]])[] = [
    [method !== 'get', ['cross-site', 'disk-full']],
    [path.includes(':'), ['not-found']],
    [method !== 'get' && method !== 'delete', ['too-large', 'unsupported-media-type']],
    [operation.body !== undefined && body === undefined, ['invalid']],
    [operation.query !== undefined, ['invalid']],
  ]
  const more = codes.flatMap(([applies, list]) => (applies ? list : []))
  return [...new Set([...ANYWHERE, ...more, ...(operation.problems ?? [])])]
}

/** One answer for each status, with what is told of the problems that have it. */
function problemsOf(codes: readonly ProblemCode[], { statusOf, mediaType, schemaOf }: Dialect): Schema {
  const entries = [...Map.groupBy(codes, statusOf)].map(([status, here]) => [
    String(status),
    {
      description: [...new Set(here.map(titleOf))].join('; '),
      headers: status === 429 || status === 503 ? { ...HEADERS, ...PATIENCE } : HEADERS,
      content: { [mediaType]: { schema: schemaOf(here, status) } },
    },
  ])
  return Object.fromEntries(entries)
}
