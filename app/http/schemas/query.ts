import type { Request } from 'express'
import { nearestName } from '../../lib/nearest.ts'
import { invalid, type Parsed, parsed } from '../answer.ts'

const MAX_LIMIT = 200
const DEFAULT_LIMIT = 50

/** The query parameters of a list, each at most once; one that is not known is refused, since a filter that does nothing misleads. */
export type Query<Name extends string> = { readonly [N in Name]?: string }

export function readQuery<const Name extends string>(
  request: Request,
  names: readonly Name[],
): Parsed<Query<Name>> {
  const known: ReadonlySet<string> = new Set(names)
  for (const [name, value] of Object.entries(request.query)) {
    if (!known.has(name)) {
      const meant = nearestName(name, names)
      return invalid(
        name,
        meant === undefined ? 'is not a parameter here' : `is not a parameter here; did you mean "${meant}"?`,
      )
    }
    if (typeof value !== 'string') return invalid(name, 'must be given once')
    if (value === '') return invalid(name, 'must not be empty')
  }
  return parsed(request.query as Query<Name>)
}

/** `limit`: 1 to 200, 50 when absent. */
export function readLimit(text: string | undefined): Parsed<number> {
  if (text === undefined) return parsed(DEFAULT_LIMIT)
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN
  return limit >= 1 && limit <= MAX_LIMIT
    ? parsed(limit)
    : invalid('limit', `must be a number from 1 to ${MAX_LIMIT}`)
}

/** One of a list of words. */
export function readWord<const Word extends string>(
  name: string,
  text: string | undefined,
  words: readonly Word[],
): Parsed<Word | undefined> {
  if (text === undefined) return parsed(undefined)
  const word = words.find(one => one === text)
  if (word !== undefined) return parsed(word)
  const meant = nearestName(text, words)
  const list = words.map(one => `"${one}"`).join(', ')
  return invalid(
    name,
    meant === undefined ? `must be one of ${list}` : `must be one of ${list}; did you mean "${meant}"?`,
  )
}
