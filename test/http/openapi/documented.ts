import { Ajv2020 } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import type { Answer } from '../running-http.ts'

export type Schema = { readonly [keyword: string]: unknown }

export type Parameter = {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly schema: Schema
  readonly example?: unknown
}

/** An operation as the served document tells it. */
export type Documented = {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body: Schema | undefined
  /** Bodies by their names. */
  readonly examples: Readonly<Record<string, unknown>>
  readonly statuses: readonly number[]
  readonly sites: readonly string[]
  /** What the policy is asked for. */
  readonly action: string | undefined
}

type Media = { readonly schema: Schema; readonly examples?: Readonly<Record<string, { value: unknown }>> }
type Operation = {
  readonly operationId: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>
  readonly 'x-postern-sites'?: readonly string[]
  readonly 'x-postern-action'?: string
}
export type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/** All of them. */
export function operationsOf(document: Document): readonly Documented[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const json = operation.requestBody?.content['application/json']
      const examples = Object.entries(json?.examples ?? {}).map(([name, { value }]) => [name, value])
      return {
        ...{ id: operation.operationId, method: method.toUpperCase(), path, body: json?.schema },
        parameters: operation.parameters ?? [],
        examples: Object.fromEntries(examples),
        statuses: Object.keys(operation.responses).map(Number),
        sites: operation['x-postern-sites'] ?? ['api'],
        action: operation['x-postern-action'],
      }
    }),
  )
}

/** Says what of an answer is not as the document has it; undefined when all of it is. */
export type Check = (operation: Documented, answer: Answer) => string | undefined

/** Members that the document does not name are a fault here: it has to name them all. */
export function checkerOf(document: Document): Check {
  const ajv = new Ajv2020({ strict: false, allErrors: true, code: { optimize: false } })
  ajv.addFormat('date-time', fullFormats['date-time'])
  ajv.addSchema(closed(document) as Schema, 'document')
  return (operation, answer) => {
    const { path, method } = operation
    const response = document.paths[path]?.[method.toLowerCase()]?.responses[answer.status]
    if (response === undefined) return `status ${answer.status} is not documented`
    if (response.content === undefined)
      return answer.bytes.length === 0 ? undefined : `${answer.status} with a body is not documented`
    const [given = ''] = (answer.headers['content-type'] ?? '').split(';')
    const media = [given, '*/*'].find(type => response.content?.[type] !== undefined)
    if (media === undefined) return `${answer.status} as ${given} is not documented`
    if (media === '*/*') return undefined
    const place = ['paths', path, method.toLowerCase(), 'responses', String(answer.status), 'content', media]
    const check = ajv.getSchema(`document#${[...place, 'schema'].map(pointer).join('')}`)
    if (check === undefined) return `there is no schema at ${place.join(' ')}`
    return check(contentOf(answer, given)) ? undefined : ajv.errorsText(check.errors)
  }
}

/** JSON as what it says; everything else as text, pictures too: the schema of bytes is one of text. */
function contentOf({ json, bytes }: Answer, mediaType: string): unknown {
  return mediaType.endsWith('json') ? json : bytes.toString('latin1')
}

function pointer(part: string): string {
  return `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`
}

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const open = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]))
  const closes = open.type === 'object' && open.properties !== undefined
  return closes ? { additionalProperties: false, ...open } : open
}
