import type { ErrorObject } from 'ajv/dist/2020.js'
import { nearestName } from '../../lib/nearest.ts'
import { type Path, type PolicyDocument, pathOf } from '../read/document.ts'
import type { Fault } from './fault.ts'
import { NOTATIONS } from './notation.ts'
import { whereabouts } from './whereabouts.ts'

const SHOWN_LENGTH = 60
const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
}

/** Turns a validator's error into words of ours; undefined for one that only repeats another. */
export function explainError(error: ErrorObject, document: PolicyDocument): Fault | undefined {
  if (error.propertyName !== undefined) return undefined // its `propertyNames` error says the same
  const path = pathOf(error.instancePath)
  const params: Readonly<Record<string, unknown>> = error.params
  const where = whereabouts(document.value, path)
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error, path, where)
    case 'required':
      return missingKey(path, String(params.missingProperty), where)
    case 'propertyNames':
      return badName(error, path, String(params.propertyName))
    case 'discriminator':
      return badTag(error, path)
    case 'type':
      return wrongType(error, path, document)
    case 'enum':
      return notOneOf(error, path, error.schema as readonly unknown[])
    case 'const':
      return notOneOf(error, path, [error.schema])
    case 'notation':
      return wrongNotation(error, path)
    case 'uniqueItems':
      return repeated(error, path, Math.max(Number(params.i), Number(params.j)))
    default:
      return outOfBounds(error, path)
  }
}

function unknownKey(error: ErrorObject, path: Path, where: string): Fault | undefined {
  const key = String(error.params.additionalProperty)
  if (key === '<<') return undefined // told as a merge key
  const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {})
  const nearest = nearestName(key, known)
  const hint = nearest === undefined ? `known here: ${known.join(', ')}` : `did you mean "${nearest}"?`
  const message = `unknown key "${shown(key)}" in ${where}`
  const meant = nearest === undefined ? {} : { meant: nearest }
  return { code: 'PS-1103', path: [...path, key], at: 'key', message, hint, rank: 1, ...meant }
}

function missingKey(path: Path, missing: string, where: string): Fault {
  const effect =
    missing === 'networks' && where === 'site "keys"'
      ? { effect: 'an API key would open this site from any address' }
      : {}
  return {
    code: 'PS-1104',
    path,
    at: 'key',
    missing,
    message: `missing "${missing}" in ${where}`,
    ...effect,
    rank: 2,
  }
}

function badName({ schema }: ErrorObject, path: Path, name: string): Fault {
  const { notation } = schema as { readonly notation: string }
  const what = notation === 'language' ? 'language' : 'name'
  const message = `"${shown(name)}" is no ${what}: expected ${NOTATIONS.get(notation)?.expected}`
  return { code: 'PS-1107', path: [...path, name], at: 'key', message, rank: 1 }
}

/** A map of which one member, its `mode` or `scheme`, says which members it has. */
function badTag(error: ErrorObject, path: Path): Fault | undefined {
  const tag = String(error.params.tag)
  const given: unknown = error.params.tagValue
  if (given === undefined) return undefined // told as a missing key
  const branches = (error.parentSchema?.oneOf ?? []) as readonly {
    properties: Record<string, { const?: string; enum?: readonly string[] }>
  }[]
  const values = branches.flatMap(({ properties }) => properties[tag]?.const ?? properties[tag]?.enum ?? [])
  return notOneOf({ ...error, data: given }, [...path, tag], values)
}

function wrongType(error: ErrorObject, path: Path, document: PolicyDocument): Fault {
  const notation = NOTATIONS.get(String(error.parentSchema?.notation))
  const expected = notation?.expected ?? TYPE_WORDS[String(error.schema)] ?? String(error.schema)
  const message = `expected ${expected}, got ${typeWord(error.data)}`
  const source = document.sourceOf(path)
  const quotable = error.schema === 'string' && ['number', 'boolean'].includes(typeof error.data)
  const meant = quotable && (notation === undefined || notation.parse(source) !== undefined)
  return {
    code: 'PS-1105',
    path,
    at: 'value',
    message,
    ...(meant && { hint: `write it in quotes: "${source}"` }),
    rank: 3,
  }
}

function notOneOf(error: ErrorObject, path: Path, values: readonly unknown[]): Fault {
  const nearest = typeof error.data === 'string' ? nearestName(error.data, values.map(String)) : undefined
  const message = `expected ${oneOf(values)}, got ${literal(error.data)}`
  const hint = nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` }
  return { code: 'PS-1106', path, at: 'value', message, ...hint, rank: 4 }
}

function wrongNotation(error: ErrorObject, path: Path): Fault {
  const expected = NOTATIONS.get(String(error.schema))?.expected ?? String(error.schema)
  return {
    code: 'PS-1107',
    path,
    at: 'value',
    message: `expected ${expected}; got ${literal(error.data)}`,
    rank: 5,
  }
}

function repeated(error: ErrorObject, path: Path, index: number): Fault {
  const item: unknown = Array.isArray(error.data) ? error.data[index] : undefined
  return {
    code: 'PS-1109',
    path: [...path, index],
    at: 'value',
    message: `${literal(item)} stands twice in this list`,
    rank: 6,
  }
}

function outOfBounds(error: ErrorObject, path: Path): Fault {
  const limit = Number(error.params.limit)
  const things: Readonly<Record<string, string>> = {
    minimum: `expected at least ${limit}`,
    maximum: `expected at most ${limit}`,
    minLength: 'expected some text, got none',
    maxLength: `expected at most ${limit} letters`,
    minItems: 'expected at least one item, got an empty list',
    minProperties: 'expected at least one member, got an empty map',
  }
  const message = things[error.keyword] ?? 'this value is not allowed here'
  return { code: 'PS-1108', path, at: 'value', message, rank: 7 }
}

function oneOf(values: readonly unknown[]): string {
  const words = values.map(value => (value === true ? 'true' : String(value)))
  return words.length === 1 ? words.join('') : `one of ${words.join(', ')}`
}

function literal(value: unknown): string {
  if (typeof value === 'string') return `"${shown(value)}"`
  return typeof value === 'object' && value !== null ? typeWord(value) : String(value)
}

function typeWord(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return typeof value === 'string' ? 'a text' : typeof value === 'boolean' ? 'true or false' : 'a number'
}

/** What stands in the file, on one line and short enough for a message. */
function shown(text: string): string {
  const line = text.replace(/\p{Cc}/gu, ' ')
  return line.length > SHOWN_LENGTH ? `${line.slice(0, SHOWN_LENGTH)}…` : line
}
