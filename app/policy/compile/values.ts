import { PosternError } from '../../lib/error.ts'
import type { Notation } from '../shape/notation.ts'

/** The value of a text that was checked before: anything else is a bug of ours. */
export function parsed<T>(notation: Notation<T>, text: string): T {
  const value = notation.parse(text)
  if (value === undefined) throw new PosternError('policy.bug', `checked, and yet not ${notation.expected}`)
  return value
}

/** The same, with what holds when the file says nothing. */
export function parsedOr<T>(notation: Notation<T>, text: string | undefined, otherwise: T): T {
  return text === undefined ? otherwise : parsed(notation, text)
}

/** A map of a record's entries, each compiled, in the order of their names. */
export function mapOf<From, To>(
  record: Readonly<Record<string, From>>,
  compile: (from: From, name: string) => To,
): ReadonlyMap<string, To> {
  const names = Object.keys(record).sort()
  return new Map(names.map(name => [name, compile(record[name] as From, name)]))
}
