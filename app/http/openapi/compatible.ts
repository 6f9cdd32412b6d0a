import type { Route } from '../routes/route.ts'
import { placesIn } from './places.ts'
import type { Schema } from './shapes/shape.ts'

/** Where the APIs of others begin, and whose they are. */
export const COMPATIBLE: readonly (readonly [prefix: string, tag: string])[] = [
  ['/graph/', 'WhatsApp Cloud API'],
  ['/compat/whinself/', 'Whinself'],
]

/** A route of another API, in short: what it takes and answers, refusals included, is for that API to say. */
export function compatibleJson({ method, path }: Pick<Route, 'method' | 'path'>, api: string): Schema {
  const parameters = placesIn(path)
  const takesBody = method !== 'get' && method !== 'delete'
  return {
    tags: [api],
    operationId: `${method}${path.replaceAll(/\W+(\w)/g, (_, first: string) => first.toUpperCase())}`,
    summary: `As ${api} has it: see app/http/compat/README.md.`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(takesBody ? { requestBody: { content: { '*/*': { schema: {} } } } } : {}),
    responses: { default: { description: `as ${api} answers` } },
  }
}
