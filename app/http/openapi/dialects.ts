import { type ProblemCode, statusOf } from '../errors.ts'
import { ref, type Schema, TEXT } from './shapes/shape.ts'

/** How an API tells what went wrong; app/http/compat/dialect.ts writes it so. */
export type Dialect = {
  readonly statusOf: (code: ProblemCode) => number
  readonly mediaType: string
  /** What it tells of problems that have this status. */
  readonly schemaOf: (codes: readonly ProblemCode[], status: number) => Schema
}

const OURS: Dialect = {
  statusOf,
  mediaType: 'application/problem+json',
  schemaOf: (codes, status) => ({
    ...ref('Problem'),
    properties: { code: { enum: codes }, status: { const: status } },
  }),
}

/** Where the API of the path comes from elsewhere, what does not fit a schema is as bad as what cannot be read. */
function withoutUnprocessable(code: ProblemCode): number {
  const status = statusOf(code)
  return status === 422 ? 400 : status
}

const GRAPH: Dialect = {
  statusOf: withoutUnprocessable,
  mediaType: 'application/json',
  schemaOf: () => ref('GraphError'),
}
const WHINSELF: Dialect = {
  statusOf: withoutUnprocessable,
  mediaType: 'text/plain',
  schemaOf: () => TEXT,
}

export function dialectOf(path: string): Dialect {
  if (path.startsWith('/graph/')) return GRAPH
  return path.startsWith('/compat/whinself/') ? WHINSELF : OURS
}
