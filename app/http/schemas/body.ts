import { Ajv2020, type SchemaObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { invalid, type Parsed, parsed, problem } from '../answer.ts'
import { faultsOf } from './faults.ts'

const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  verbose: true,
  useDefaults: false,
  code: { optimize: false },
})
ajv.addFormat('date-time', fullFormats['date-time'])

/** Each unknown member is a fault of its own: telling a million of them apart would cost far more than sending them did. */
const MAX_MEMBERS = 1_000

/** A schema, ready to check bodies that are of type T once they pass. */
export type BodyReader<T> = (body: unknown) => Parsed<T>

/** Compiles a schema. `later` names members that are known but not read by this version. */
export function bodyReader<T>(schema: SchemaObject, later?: ReadonlySet<string>): BodyReader<T> {
  const validate: ValidateFunction<T> = ajv.compile<T>(schema)
  return body => {
    if (isCrowded(body)) return invalid('$', `has more than ${MAX_MEMBERS} members`)
    if (validate(body)) return parsed(body)
    const errors = faultsOf(validate.errors ?? [], later)
    const first = errors[0]
    const detail = first === undefined ? 'The body is not valid.' : `${first.path} ${first.message}.`
    return problem('invalid', errors.length < 2 ? detail : `${detail} (${errors.length} faults)`, { errors })
  }
}

/** Counts without recursion, because bodies can be nested deeper than the stack is. */
function isCrowded(body: unknown): boolean {
  const waiting = [body]
  let count = 0
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null) continue
    const members: readonly unknown[] = Object.values(value)
    count += members.length
    if (count > MAX_MEMBERS) return true
    waiting.push(...members)
  }
  return false
}
