/** JSON Schema as our own document has it: enough of it to write types, and nothing more. */
export type Schema = { readonly [keyword: string]: unknown }

/** The TypeScript type of what a schema lets through. */
export function typeOf(schema: Schema): string {
  const { $ref, enum: listed, oneOf, anyOf, type } = schema
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1)
  if ('const' in schema) return JSON.stringify(schema.const)
  if (listed !== undefined) return unionOf((listed as readonly unknown[]).map(one => JSON.stringify(one)))
  const either = (oneOf ?? anyOf) as readonly Schema[] | undefined
  if (either !== undefined) return unionOf(either.map(typeOf))
  if (schema.contentMediaType !== undefined) return 'Uint8Array'
  const types = (Array.isArray(type) ? type : [type]) as readonly unknown[]
  return unionOf(types.map(one => plainType(one, schema)))
}

function plainType(type: unknown, schema: Schema): string {
  switch (type) {
    case 'object':
      return objectType(schema)
    case 'array':
      return `readonly (${typeOf((schema.items ?? {}) as Schema)})[]`
    case 'integer':
    case 'number':
      return 'number'
    case 'string':
    case 'boolean':
    case 'null':
      return type
    default:
      return 'unknown'
  }
}

function objectType({ properties, required = [], additionalProperties }: Schema): string {
  const members = Object.entries((properties ?? {}) as Readonly<Record<string, Schema>>)
  if (members.length === 0) {
    const rest = typeof additionalProperties === 'object' ? typeOf(additionalProperties as Schema) : 'unknown'
    return `{ readonly [name: string]: ${rest} }`
  }
  const needed = required as readonly string[]
  const lines = members.map(([name, member]) => {
    return `readonly ${memberName(name)}${needed.includes(name) ? '' : '?'}: ${typeOf(member)}`
  })
  return `{ ${lines.join('; ')} }`
}

export function memberName(name: string): string {
  return /^\w+$/.test(name) ? name : JSON.stringify(name)
}

export function unionOf(types: readonly string[]): string {
  return [...new Set(types)].join(' | ') || 'undefined'
}
