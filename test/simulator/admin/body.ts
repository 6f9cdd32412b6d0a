import { MemberFault, type Members, readMembers, type Shape } from '../phones/content/members.ts'

/** A fault of the caller, answered with its status and this sentence. */
export class AdminError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'AdminError'
    this.status = status
  }
}

/**
 * Reads the members of a body by their types (`?` may be absent). Throws an AdminError about the first that
 * is wrong.
 */
export function readBody<S extends Shape>(body: unknown, shape: S): Members<S> {
  try {
    return readMembers(body, shape)
  } catch (error) {
    if (error instanceof MemberFault) throw new AdminError(400, error.message)
    throw error
  }
}

/** The digits of a number given with or without `+`. Throws an AdminError when it is none. */
export function readNumber(text: string, name = 'number'): string {
  const digits = text.replace(/@(s\.whatsapp\.net)$/, '').replace(/^\+/, '')
  if (!/^[1-9]\d{4,14}$/.test(digits)) {
    throw new AdminError(400, `\`${name}\` must be a phone number in international form, like +12025550100`)
  }
  return digits
}
