import type { Call } from '../running-http.ts'
import type { Documented } from './documented.ts'
import type { Real } from './furnished.ts'

/** The requests that an operation's examples are: one for each body, or one. */
export function examplesOf(
  operation: Documented,
  real: Real,
): readonly (readonly [name: string, call: Call])[] {
  const { method, examples } = operation
  const path = `${pathOf(operation, real)}${queryOf(operation)}`
  const bodies = Object.entries(examples)
  if (bodies.length === 0) return [['as it is', { path, method, as: 'billing' }]]
  return bodies.map(([name, body]) => [name, { path, method, as: 'billing', body: inPlace(body, real) }])
}

function pathOf({ id, path, parameters }: Documented, { places }: Real): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const { example } = parameters.find(one => one.in === 'path' && one.name === name) ?? {}
    return encodeURIComponent(places[`${id}.${name}`] ?? places[name] ?? String(example))
  })
}

function queryOf({ parameters }: Documented): string {
  const shown = parameters.filter(one => one.in === 'query' && one.example !== undefined)
  return shown.length === 0
    ? ''
    : `?${new URLSearchParams(shown.map(({ name, example }) => [name, String(example)]))}`
}

/** A body with what there really is in the place of what the document made up. */
export function inPlace(body: unknown, { texts }: Real): unknown {
  const written = JSON.stringify(body)
  return JSON.parse(
    Object.entries(texts).reduce((text, [example, real]) => text.replaceAll(example, real), written),
  )
}
