import { memberName, type Schema, typeOf, unionOf } from './schema-types.ts'

type Content = Readonly<Record<string, { readonly schema: Schema }>>
type Parameter = {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: Schema
}
type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required?: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}
export type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const HEAD =
  '// Written by generate.ts from the OpenAPI document. A test fails when the two are not the same.'
/** Paths that have clients of their own already. */
const FOREIGN = /^\/(graph|compat)\//

/** The module that the client is typed by: shapes, what each operation takes and answers, and where it is. */
export function moduleOf({ paths, components }: Document): string {
  const operations = Object.entries(paths)
    .filter(([path]) => !FOREIGN.test(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        path,
        method: method.toUpperCase(),
        operation,
      })),
    )
  const shapes = Object.entries(components.schemas)
    .filter(([name]) => !/^(Graph|Whinself)/.test(name))
    .map(([name, schema]) => `export type ${name} = ${typeOf(schema)}`)
  const types = operations.map(({ operation }) => {
    const { operationId, summary } = operation
    return `  /** ${summary} */\n  readonly ${operationId}: { readonly asked: ${askedType(operation)}; readonly answer: ${answerType(operation)} }`
  })
  const routes = operations.map(({ path, method, operation }) => {
    const namesIn = (place: string) =>
      (operation.parameters ?? []).filter(one => one.in === place).map(({ name }) => name)
    const route = { method, path, query: namesIn('query'), headers: namesIn('header') }
    return `  ${operation.operationId}: ${JSON.stringify(route)},`
  })
  return [
    HEAD,
    ...shapes,
    `export type Operations = {\n${types.join('\n')}\n}`,
    `export const ROUTES = {\n${routes.join('\n')}\n} as const`,
    '',
  ].join('\n\n')
}

/** Parameters by their names, wherever they go, and the body. */
function askedType({ parameters = [], requestBody }: Operation): string {
  const members = parameters.map(({ name, required, schema }) => {
    return `readonly ${memberName(name)}${required === true ? '' : '?'}: ${typeOf(schema)}`
  })
  if (requestBody !== undefined) {
    const bodies = Object.entries(requestBody.content).map(([type, { schema }]) => bodyType(type, schema))
    members.push(`readonly body${requestBody.required === true ? '' : '?'}: ${unionOf(bodies)}`)
  }
  return members.length === 0 ? '{ readonly [name: string]: never }' : `{ ${members.join('; ')} }`
}

function bodyType(mediaType: string, schema: Schema): string {
  return mediaType === 'multipart/form-data' ? 'FormData' : typeOf(schema)
}

function answerType({ responses }: Operation): string {
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  return unionOf(
    good.flatMap(([, { content = {} }]) =>
      Object.entries(content).map(([type, { schema }]) =>
        type.startsWith('text/') ? 'string' : typeOf(schema),
      ),
    ),
  )
}
