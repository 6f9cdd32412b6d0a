import { Ajv2020, type SchemaObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { type Parsed, parsed, problem } from '../answer.ts'
import { faultsOf } from './faults.ts'

const ajv = new Ajv2020({ allErrors: true, strict: true, verbose: true, useDefaults: false })
ajv.addFormat('date-time', fullFormats['date-time'])

/** A schema, ready to check bodies that are of type T once they pass. */
export type BodyReader<T> = (body: unknown) => Parsed<T>

/** Compiles a schema. `later` names members that are known but not read by this version. */
export function bodyReader<T>(schema: SchemaObject, later?: ReadonlySet<string>): BodyReader<T> {
  const validate: ValidateFunction<T> = ajv.compile<T>(schema)
  return body => {
    if (validate(body)) return parsed(body)
    const errors = faultsOf(validate.errors ?? [], later)
    const first = errors[0]
    const detail = first === undefined ? 'The body is not valid.' : `${first.path} ${first.message}.`
    return problem('invalid', errors.length < 2 ? detail : `${detail} (${errors.length} faults)`, { errors })
  }
}
