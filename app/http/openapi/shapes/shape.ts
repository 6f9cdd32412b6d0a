/** A JSON Schema of something that the API answers. */
export type Schema = { readonly [keyword: string]: unknown }

export const TEXT = { type: 'string' } as const
export const COUNT = { type: 'integer', minimum: 0 } as const
export const FLAG = { type: 'boolean' } as const
export const INSTANT = { type: 'string', format: 'date-time' } as const
export const CHAT = {
  type: 'string',
  description: 'a number with +, or where WhatsApp tells none …@lid; …@g.us, …@newsletter, status@broadcast',
} as const

export function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] }
}

/** Every member is there but those named `optional`; ones that are not named may come with a later version. */
export function shape(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter(name => !optional.includes(name))
  return { type: 'object', ...(required.length === 0 ? {} : { required }), properties }
}

/** Each member may be missing. */
export function partial(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties }
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items }
}

export function oneOfWords(words: readonly string[]): Schema {
  return { type: 'string', enum: words }
}

/** One of the shapes that the document names. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

/** A page of a list. */
export function page(items: Schema): Schema {
  return shape({ data: listOf(items), next: orNull(TEXT) })
}
