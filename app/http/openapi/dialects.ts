import { compatibleStatusOf, type ProblemCode, statusOf } from '../errors.ts'
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

const GRAPH: Dialect = {
  statusOf: compatibleStatusOf,
  mediaType: 'application/json',
  schemaOf: () => ref('GraphError'),
}
const WHINSELF: Dialect = {
  statusOf: compatibleStatusOf,
  mediaType: 'text/plain',
  schemaOf: () => TEXT,
}

export function dialectOf(path: string): Dialect {
  if (path.startsWith('/graph/')) return GRAPH
  return path.startsWith('/compat/whinself/') ? WHINSELF : OURS
}
