import { isRecord } from '../read/document.ts'
import { schemaOf } from '../shape/schemas.ts'

/** In which order the members of one map are written, and the same for what stands under each of them. */
export type MemberOrder = {
  /** Members that the schema lists, in its order; empty for maps whose keys are names of the author's. */
  readonly keys: readonly string[]
  under(key: string): MemberOrder
  item(): MemberOrder
}

type Schema = Readonly<Record<string, unknown>>

/** The order of a kind's schema; for a kind that is unknown, whatever the author wrote. */
export function memberOrder(kind: string): MemberOrder {
  const root = schemaOf(kind)
  return orderOf(root === undefined ? [] : [{ schema: root, root }])
}

/** A schema with the file that its `#/…` references mean. */
type Placed = { readonly schema: Schema; readonly root: Schema }

function orderOf(given: readonly Placed[]): MemberOrder {
  const schemas = given.flatMap(branches)
  return {
    keys: [...new Set(schemas.flatMap(({ schema }) => Object.keys(recordOf(schema.properties))))],
    under: key => orderOf(schemas.flatMap(placed => pick(placed, memberSchema(placed.schema, key)))),
    item: () => orderOf(schemas.flatMap(placed => pick(placed, placed.schema.items))),
  }
}

/** A schema and what it refers to or lets choose from. */
function branches(placed: Placed): readonly Placed[] {
  const { schema } = placed
  const choices = Array.isArray(schema.oneOf) ? schema.oneOf : []
  return [
    placed,
    ...choices.flatMap(choice => pick(placed, choice)).flatMap(branches),
    ...(typeof schema.$ref === 'string' ? branches(referred(placed, schema.$ref)) : []),
  ]
}

function pick({ root }: Placed, schema: unknown): readonly Placed[] {
  return isRecord(schema) ? [{ schema, root }] : []
}

function memberSchema(schema: Schema, key: string): unknown {
  return recordOf(schema.properties)[key] ?? schema.additionalProperties
}

/** `common.json#/$defs/name`, or `#/$defs/rule` of the same file. */
function referred({ root }: Placed, ref: string): Placed {
  const [file = '', pointer = ''] = ref.split('#')
  const target = file === '' ? root : (schemaOf(file) ?? {})
  const parts = pointer.split('/').filter(part => part !== '')
  const schema = parts.reduce<Schema>((holder, part) => recordOf(holder[part]), target)
  return { schema, root: target }
}

function recordOf(value: unknown): Schema {
  return isRecord(value) ? value : {}
}
