import { bodyReader } from '../../schemas/body.ts'

export const TEXT = { type: 'string', minLength: 1 } as const
export const JID = { type: 'string', minLength: 1, maxLength: 64 } as const

/** A reader of objects with these members; what they hold is judged where it is used. */
export function readerOf<T>(properties: Readonly<Record<string, object>>, required: readonly string[] = []) {
  return bodyReader<T>({ type: 'object', required, additionalProperties: false, properties })
}
