import type { Request } from 'express'
import { nearestName } from '../../lib/nearest.ts'
import { invalid, type Parsed, parsed } from '../answer.ts'

/** One of a list of words. */
export type Choice = {
  readonly enum: readonly string[]
  readonly description?: string
  readonly example?: string
}

export type Count = {
  readonly type: 'integer'
  readonly minimum: number
  readonly maximum: number
  readonly default?: number
  readonly description?: string
  readonly example?: number
}

/** `description` ends the sentence "must be …" where the text does not match. */
export type Text = {
  readonly type: 'string'
  readonly pattern?: string
  readonly description: string
  readonly example?: string
}

/** One query parameter as JSON Schema: what is checked is what the OpenAPI document shows. */
export type Parameter = Choice | Count | Text
export type Parameters = Readonly<Record<string, Parameter>>

type ValueOf<P> = P extends { readonly enum: readonly (infer Word)[] }
  ? Word
  : P extends Count
    ? number
    : string
type Defaulted<P> = { [N in keyof P]: P[N] extends { readonly default: number } ? N : never }[keyof P]

/** What was given; what has a default is always there. */
export type Query<P extends Parameters> = {
  readonly [N in Exclude<keyof P, Defaulted<P>>]?: ValueOf<P[N]>
} & {
  readonly [N in Defaulted<P>]: ValueOf<P[N]>
}

/** Makes the reader of a query: each parameter at most once, and one that is not known is refused, since a filter that does nothing misleads. */
export function queryReader<const P extends Parameters>(
  parameters: P,
): (request: Request) => Parsed<Query<P>> {
  const defaults = Object.fromEntries(
    Object.entries(parameters).flatMap(([name, of]) =>
      'default' in of && of.default !== undefined ? [[name, of.default]] : [],
    ),
  )
  return request => {
    const query: Record<string, string | number> = { ...defaults }
    for (const [name, given] of Object.entries(request.query)) {
      const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined
      if (parameter === undefined)
        return invalid(name, `is not a parameter here${meant(name, Object.keys(parameters))}`)
      if (typeof given !== 'string') return invalid(name, 'must be given once')
      const value = readValue(given, parameter)
      if (typeof value === 'object') return invalid(name, value.fault)
      query[name] = value
    }
    return parsed(query as Query<P>)
  }
}

function readValue(text: string, parameter: Parameter): string | number | { readonly fault: string } {
  if (text === '') return { fault: 'must not be empty' }
  if ('enum' in parameter) {
    if (parameter.enum.includes(text)) return text
    const list = parameter.enum.map(one => `"${one}"`).join(', ')
    return { fault: `must be one of ${list}${meant(text, parameter.enum)}` }
  }
  if (parameter.type === 'string') {
    const { pattern = '', description } = parameter
    return new RegExp(pattern, 'u').test(text) ? text : { fault: `must be ${description}` }
  }
  const { minimum, maximum } = parameter
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  return count >= minimum && count <= maximum
    ? count
    : { fault: `must be a number from ${minimum} to ${maximum}` }
}

function meant(word: string, known: readonly string[]): string {
  const nearest = nearestName(word, known)
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`
}
