import { Ajv2020, type SchemaObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { invalid, type Parsed, parsed, problem } from '../answer.ts'
import { faultsOf, pathInto } from './faults.ts'

const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  verbose: true,
  useDefaults: false,
  code: { optimize: false },
})
ajv.addFormat('date-time', fullFormats['date-time'])

/** Each unknown member is a fault of its own: telling a million of them apart would cost far more than sending them did. */
const MAX_MEMBERS = 2_000
/** Nothing that is understood here goes deeper than seven; what works through a body by recursion must not run out of stack. */
const MAX_DEPTH = 32

/** A schema, ready to check bodies that are of type T once they pass. */
export type BodyReader<T> = (body: unknown) => Parsed<T>

/**
 * Makes the reader of a schema, which is compiled for the first body: all of them at each start would keep everybody
 * waiting a fifth of a second.
 */
export function bodyReader<T>(schema: SchemaObject): BodyReader<T> {
  let compiled: ValidateFunction<T> | undefined
  return body => {
    compiled ??= ajv.compile<T>(schema)
    const validate = compiled
    const crowded = crowdedAt(body)
    if (crowded !== undefined) return invalid(crowded, `has more than ${MAX_MEMBERS} members`)
    if (isDeep(body)) return invalid('$', `is nested more than ${MAX_DEPTH} deep`)
    if (validate(body)) {
      const torn = tornAt(body)
      return torn === undefined ? parsed(body) : invalid(torn, 'must be text that Unicode can write')
    }
    const errors = faultsOf(validate.errors ?? [])
    const first = errors[0]
    const detail = first === undefined ? 'The body is not valid.' : `${first.path} ${first.message}.`
    return problem('invalid', errors.length < 2 ? detail : `${detail} (${errors.length} faults)`, { errors })
  }
}

/** The member that holds too much, or the whole when that does. Counts without recursion, because bodies can be nested deeper than the stack is. */
function crowdedAt(body: unknown): string | undefined {
  let count = 0
  if (typeof body === 'object' && body !== null && Object.keys(body).length > MAX_MEMBERS) return '$'
  for (const [path, part] of membersOf('$', body)) {
    const inside = countOf(part)
    if (inside > MAX_MEMBERS) return path
    count += inside + 1
    if (count > MAX_MEMBERS) return '$'
  }
  return undefined
}

/** Looks level by level; what is crowded does not come here. */
function isDeep(body: unknown): boolean {
  let level: readonly unknown[] = [body]
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    level = level.flatMap(value => (typeof value === 'object' && value !== null ? Object.values(value) : []))
    if (level.length === 0) return false
  }
  return true
}

function countOf(part: unknown): number {
  const waiting = [part]
  let count = 0
  for (let value = waiting.pop(); value !== undefined && count <= MAX_MEMBERS; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null) continue
    const members: readonly unknown[] = Object.values(value)
    count += members.length
    if (count <= MAX_MEMBERS) waiting.push(...members)
  }
  return count
}

/** Where the first string stands that has half a character in it. */
function tornAt(body: unknown): string | undefined {
  const waiting: (readonly [string, unknown])[] = [['$', body]]
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    const [path, value] = each
    if (typeof value === 'string' && !value.isWellFormed()) return path
    waiting.push(...membersOf(path, value))
  }
  return undefined
}

function membersOf(path: string, value: unknown): (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null) return []
  const isList = Array.isArray(value)
  return Object.entries(value).map(([name, member]) => [pathInto(path, isList ? Number(name) : name), member])
}
