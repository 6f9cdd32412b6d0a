import type { ProblemCode } from '../errors.ts'
import type { Parameters } from '../schemas/query.ts'
import { page, ref, type Schema } from './shapes/shape.ts'

/** What a route takes and answers, beside what its path, its action and its sites say already. */
export type Operation = {
  readonly id: string
  readonly summary: string
  readonly query?: Readonly<Record<string, Schema>>
  /** Parameters of the query that have to be there. */
  readonly needs?: readonly string[]
  readonly headers?: Parameters
  readonly body?: Body
  /** What it answers by status, when nothing goes wrong: a schema for each media type. */
  readonly answers: Readonly<Record<number, Content>>
  /** What can go wrong here and not everywhere. */
  readonly problems?: readonly ProblemCode[]
}

export type Body = {
  readonly content: Content
  /** A request without a body will do. */
  readonly optional?: boolean
  /** Of JSON. */
  readonly examples?: Readonly<Record<string, unknown>>
}

export type Content = Readonly<Record<string, Schema>>

/** Operations by method and path, as `keyOf` writes them. */
export type Operations = Readonly<Record<string, Operation>>

export const BYTES: Schema = { contentMediaType: 'application/octet-stream' }

/** What can go wrong where WhatsApp is asked. */
export const FROM_WHATSAPP = [
  'not-found',
  'conflict',
  'whatsapp-refused',
  'limited',
  'not-connected',
  'whatsapp-silent',
] as const satisfies readonly ProblemCode[]

export function json(schema: Schema): Content {
  return { 'application/json': schema }
}

/** The shape of this name. */
export function a(name: string): Content {
  return json(ref(name))
}

/** A page of things that have the shape of this name. */
export function pageOf(name: string): Content {
  return json(page(ref(name)))
}

/** A JSON body with one example for each of its uses. */
export function takes(schema: object, examples: Readonly<Record<string, unknown>>): Body {
  return { content: json(schema as Schema), examples }
}

export function mayTake(schema: object, examples: Readonly<Record<string, unknown>> = {}): Body {
  return { ...takes(schema, examples), optional: true }
}

type QuerySchema = {
  readonly properties: Readonly<Record<string, Schema>>
  readonly required: readonly string[]
}

/** A query that is read as a body is: its schema's members are the parameters. */
export function parametersOf(
  { properties, required }: QuerySchema,
  examples: Readonly<Record<string, string>>,
): Pick<Operation, 'query' | 'needs'> {
  const query = Object.entries(properties).map(([name, schema]) => {
    const example = examples[name]
    return [name, { ...schema, ...(example === undefined ? {} : { example }) }]
  })
  return { query: Object.fromEntries(query) as Record<string, Schema>, needs: required }
}

export function keyOf({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method.toUpperCase()} ${path}`
}
