import type { Problem } from '../../answer.ts'
import { statusOf } from '../../errors.ts'
import type { Written } from '../dialect.ts'

/** A problem as Whinself tells it: a sentence in plain text. What is wrong with a request is always 400 there. */
export function whinselfProblem({ code, detail, decision }: Problem): Written {
  const status = statusOf(code)
  const sentence = decision === undefined ? detail : `${detail} (${decision})`
  return { status: status === 422 ? 400 : status, mediaType: 'text/plain', body: sentence }
}
