/** What is wrong with a member that somebody wrote, in one sentence. */
export class MemberFault extends Error {}

type Fields = {
  readonly string: string
  /** A string that may be empty. */
  readonly text: string
  /** A whole number, 0 or more. */
  readonly number: number
  readonly integer: number
  /** Any finite number. */
  readonly decimal: number
  readonly boolean: boolean
  readonly strings: readonly string[]
  /** Bytes in base64. */
  readonly base64: string
  /** Anything; checked by who takes it. */
  readonly any: unknown
}
export type FieldType = keyof Fields | `${keyof Fields}?`
type Read<T extends FieldType> = T extends `${infer K extends keyof Fields}?`
  ? Fields[K] | undefined
  : T extends keyof Fields
    ? Fields[T]
    : never
export type Shape = Readonly<Record<string, FieldType>>
export type Members<S extends Shape> = { readonly [K in keyof S]: Read<S[K]> }

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const CHECKS: Readonly<Record<keyof Fields, (value: unknown) => boolean>> = {
  string: value => typeof value === 'string' && value !== '',
  text: value => typeof value === 'string',
  number: value => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
  integer: value => Number.isSafeInteger(value),
  decimal: value => typeof value === 'number' && Number.isFinite(value),
  boolean: value => typeof value === 'boolean',
  strings: value => Array.isArray(value) && value.every(each => typeof each === 'string'),
  base64: value => typeof value === 'string' && BASE64.test(value),
  any: value => value !== undefined,
}
const NAMES: Readonly<Record<keyof Fields, string>> = {
  string: 'a non-empty string',
  text: 'a string',
  number: 'a whole number, 0 or more',
  integer: 'a whole number',
  decimal: 'a number',
  boolean: 'true or false',
  strings: 'a list of strings',
  base64: 'bytes in base64',
  any: 'present',
}

/**
 * Reads the members of an object by their types (`?` may be absent). Throws a MemberFault about the first that is
 * wrong; `path` stands before each name in it.
 */
export function readMembers<S extends Shape>(given: unknown, shape: S, path = ''): Members<S> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new MemberFault(`${path === '' ? 'the body' : `\`${path}\``} must be a JSON object`)
  }
  const dotted = (name: string) => `\`${path === '' ? '' : `${path}.`}${name}\``
  for (const name of Object.keys(given)) {
    if (!(name in shape)) {
      throw new MemberFault(`${dotted(name)} is not a member here; known: ${Object.keys(shape).join(', ')}`)
    }
  }
  const members = given as Readonly<Record<string, unknown>>
  for (const [name, type] of Object.entries(shape)) {
    const isOptional = type.endsWith('?')
    const kind = (isOptional ? type.slice(0, -1) : type) as keyof Fields
    if (isOptional && members[name] === undefined) continue
    if (!CHECKS[kind](members[name])) throw new MemberFault(`${dotted(name)} must be ${NAMES[kind]}`)
  }
  return members as Members<S>
}
