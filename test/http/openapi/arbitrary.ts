import fc, { type Arbitrary } from 'fast-check'
import type { Schema } from './documented.ts'

const MOST_ITEMS = 4
const MOST_CHARACTERS = 40

/** What a schema lets through. `words` are texts that mean something to who reads them, and are often taken. */
export function fitting(schema: Schema, words: readonly string[]): Arbitrary<unknown> {
  const { oneOf, anyOf, enum: listed, type } = schema
  const either = (oneOf ?? anyOf) as readonly Schema[] | undefined
  if (either !== undefined) return fc.oneof(...either.map(one => fitting(one, words)))
  if ('const' in schema) return fc.constant(schema.const)
  if (listed !== undefined) return fc.constantFrom(...(listed as readonly unknown[]))
  const types = Array.isArray(type) ? (type as readonly string[]) : [String(type)]
  return fc.oneof(...types.map(one => ofType(one, schema, words)))
}

function ofType(type: string, schema: Schema, words: readonly string[]): Arbitrary<unknown> {
  switch (type) {
    case 'object':
      return objectOf(schema, words)
    case 'array':
      return listOf(schema, words)
    case 'string':
      return textOf(schema, words)
    case 'integer':
    case 'number':
      return numberOf(type, schema)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return fc.jsonValue()
  }
}

function objectOf(schema: Schema, words: readonly string[]): Arbitrary<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Schema>>)
  const members = Object.fromEntries(properties.map(([name, member]) => [name, fitting(member, words)]))
  const known = fc.record(members, { requiredKeys: [...((schema.required ?? []) as readonly string[])] })
  if (schema.additionalProperties !== true) return known
  return fc
    .tuple(known, fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: MOST_ITEMS }))
    .map(([named, free]) => ({ ...free, ...named }))
}

function listOf(
  { items, minItems = 0, maxItems, uniqueItems }: Schema,
  words: readonly string[],
): Arbitrary<unknown> {
  const item = fitting((items ?? {}) as Schema, words)
  const minLength = Number(minItems)
  const most = Math.max(minLength, Math.min(Number(maxItems ?? MOST_ITEMS), MOST_ITEMS))
  const range = { minLength, maxLength: most }
  const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
  return uniqueItems === true ? fc.uniqueArray(item, { ...range, comparator: isSame }) : fc.array(item, range)
}

function textOf(
  { format, pattern, minLength = 0, maxLength }: Schema,
  words: readonly string[],
): Arbitrary<string> {
  if (format === 'date-time')
    return fc
      .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
      .map(at => at.toISOString())
  const least = Number(minLength)
  const most = Math.max(least, Math.min(Number(maxLength ?? MOST_CHARACTERS), MOST_CHARACTERS))
  const free =
    typeof pattern === 'string'
      ? fc.stringMatching(new RegExp(pattern, 'u'))
      : anyText({ minLength: least, maxLength: most })
  return fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...words) }, free)
}

/** Of any characters that there are; fast-check's own text of all of Unicode takes two seconds to begin. */
export function anyText(
  length: { readonly minLength?: number; readonly maxLength?: number } = {},
): Arbitrary<string> {
  const character = fc.oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0x80, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  return fc.array(character, length).map(codes => String.fromCodePoint(...codes))
}

function numberOf(type: string, { minimum = -1_000, maximum = 1_000 }: Schema): Arbitrary<number> {
  const range = { min: Number(minimum), max: Number(maximum) }
  return type === 'integer'
    ? fc.integer(range)
    : fc.double({ ...range, noNaN: true, noDefaultInfinity: true })
}

/** The same with one thing in it put in the place of another: bodies that are nearly right get furthest. */
export function spoilt(body: Arbitrary<unknown>): Arbitrary<unknown> {
  const junk = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('', '\ud800', '\u0000', 'x'.repeat(3_000), -1, 1e308, [], {}, null),
    anyText(),
  )
  return fc
    .tuple(body, fc.nat(), junk, fc.constantFrom('replace', 'add', 'remove'))
    .map(([value, place, other, how]) => {
      const copy = structuredClone(value)
      const spots = spotsIn(copy)
      const spot = spots[place % Math.max(1, spots.length)]
      if (spot === undefined) return other
      const { parent, name } = spot
      if (how === 'remove' && !Array.isArray(parent)) delete parent[name]
      else parent[how === 'add' && !Array.isArray(parent) ? `${name}s` : name] = other as never
      return copy
    })
}

type Spot = { readonly parent: Record<string, unknown>; readonly name: string }

function spotsIn(value: unknown): readonly Spot[] {
  if (typeof value !== 'object' || value === null) return []
  const parent = value as Record<string, unknown>
  return Object.keys(parent).flatMap(name => [{ parent, name }, ...spotsIn(parent[name])])
}
