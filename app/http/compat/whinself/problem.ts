import type { Problem } from '../../answer.ts'
import { compatibleStatusOf } from '../../errors.ts'
import type { Written } from '../dialect.ts'

/** A problem as Whinself tells it: a sentence in plain text. What is wrong with a request is always 400 there. */
export function whinselfProblem({ code, detail, decision }: Problem): Written {
  const sentence = decision === undefined ? detail : `${detail} (${decision})`
  return { status: compatibleStatusOf(code), mediaType: 'text/plain', body: sentence }
}
