/** A fault of the caller, answered with its status and this sentence. */
export class AdminError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'AdminError'
    this.status = status
  }
}

type Fields = {
  readonly string: string
  readonly number: number
  readonly integer: number
  readonly boolean: boolean
  readonly strings: readonly string[]
  /** Anything; checked by who takes it. */
  readonly any: unknown
}
type FieldType = keyof Fields | `${keyof Fields}?`
type Read<T extends FieldType> = T extends `${infer K extends keyof Fields}?`
  ? Fields[K] | undefined
  : T extends keyof Fields
    ? Fields[T]
    : never

const CHECKS: Readonly<Record<keyof Fields, (value: unknown) => boolean>> = {
  string: value => typeof value === 'string' && value !== '',
  number: value => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
  integer: value => Number.isSafeInteger(value),
  boolean: value => typeof value === 'boolean',
  strings: value => Array.isArray(value) && value.every(each => typeof each === 'string'),
  any: value => value !== undefined,
}
const NAMES: Readonly<Record<keyof Fields, string>> = {
  string: 'a non-empty string',
  number: 'a whole number, 0 or more',
  integer: 'a whole number',
  boolean: 'true or false',
  strings: 'a list of strings',
  any: 'present',
}

/**
 * Reads the members of a body by their types (`?` may be absent). Throws an AdminError about the first that
 * is wrong.
 */
export function readBody<S extends Readonly<Record<string, FieldType>>>(
  body: unknown,
  shape: S,
): { readonly [K in keyof S]: Read<S[K]> } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AdminError(400, 'the body must be a JSON object')
  }
  for (const name of Object.keys(body)) {
    if (!(name in shape))
      throw new AdminError(400, `\`${name}\` is not a member here; known: ${Object.keys(shape).join(', ')}`)
  }
  const members = body as Readonly<Record<string, unknown>>
  for (const [name, type] of Object.entries(shape)) {
    const isOptional = type.endsWith('?')
    const kind = (isOptional ? type.slice(0, -1) : type) as keyof Fields
    if (isOptional && members[name] === undefined) continue
    if (!CHECKS[kind](members[name])) throw new AdminError(400, `\`${name}\` must be ${NAMES[kind]}`)
  }
  return members as { readonly [K in keyof S]: Read<S[K]> }
}

/** The digits of a number given with or without `+`. Throws an AdminError when it is none. */
export function readNumber(text: string, name = 'number'): string {
  const digits = text.replace(/@(s\.whatsapp\.net)$/, '').replace(/^\+/, '')
  if (!/^[1-9]\d{4,14}$/.test(digits)) {
    throw new AdminError(400, `\`${name}\` must be a phone number in international form, like +12025550100`)
  }
  return digits
}
