import type { ErrorObject } from 'ajv/dist/2020.js'
import { nearestName } from '../../lib/nearest.ts'
import type { FieldError } from '../answer.ts'

/** Says each of ajv's errors in our words: where, what is wrong there, and what was probably meant. */
export function faultsOf(errors: readonly ErrorObject[]): readonly FieldError[] {
  return errors.map(error => {
    const { params } = error
    switch (error.keyword) {
      case 'additionalProperties':
        return unknownMember(error, String(params.additionalProperty))
      case 'required':
      case 'dependentRequired':
        return { path: pathOf(error, String(params.missingProperty)), message: 'is missing' }
      case 'enum':
        return { path: pathOf(error), message: `must be ${listed(params.allowedValues, error.data)}` }
      case 'const':
        return { path: pathOf(error), message: `must be ${JSON.stringify(params.allowedValue)}` }
      default:
        return { path: pathOf(error), message: wording(error) }
    }
  })
}

function wording(error: ErrorObject): string {
  const { params, keyword } = error
  switch (keyword) {
    case 'type':
      return `must be ${article(String(params.type))}, not ${kindOf(error.data)}`
    case 'minLength':
      return params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} characters`
    case 'maxLength':
      return `must have at most ${params.limit} characters`
    case 'minItems':
      return `must have at least ${params.limit} ${params.limit === 1 ? 'item' : 'items'}`
    case 'maxItems':
      return `must have at most ${params.limit} items`
    case 'uniqueItems':
      return `must not have the same item twice: items ${params.j} and ${params.i}`
    case 'minimum':
      return `must be ${params.limit} or more`
    case 'maximum':
      return `must be ${params.limit} or less`
    case 'pattern':
      return `must match ${params.pattern}`
    case 'format':
      return 'must be an instant with its time zone, like 2026-11-23T10:00:00Z'
    default:
      return error.message ?? 'is not valid'
  }
}

function unknownMember(error: ErrorObject, member: string): FieldError {
  const path = pathOf(error, member)
  const properties: unknown = error.parentSchema?.properties
  const known = typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
  const meant = nearestName(member, known)
  return {
    path,
    message: meant === undefined ? 'is not known here' : `is not known here; did you mean "${meant}"?`,
  }
}

function listed(values: unknown, given: unknown): string {
  const allowed = Array.isArray(values) ? values.map(String) : []
  const meant = typeof given === 'string' ? nearestName(given, allowed) : undefined
  const list = allowed.map(value => `"${value}"`).join(' or ')
  return meant === undefined ? list : `${list}; did you mean "${meant}"?`
}

/** `/text/body` as `$.text.body`. */
function pathOf(error: ErrorObject, member?: string): string {
  const parts = error.instancePath
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  return [...parts, ...(member === undefined ? [] : [member])].reduce(
    (path, part) => pathInto(path, /^\d+$/.test(part) ? Number(part) : part),
    '$',
  )
}

/** The JSONPath of a member, or of an item of a list. */
export function pathInto(path: string, part: string | number): string {
  if (typeof part === 'number') return `${path}[${part}]`
  return /^[A-Za-z_]\w*$/.test(part) ? `${path}.${part}` : `${path}[${JSON.stringify(part)}]`
}

function article(kind: string): string {
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return article(Array.isArray(value) ? 'array' : typeof value)
}
