import type { Problem } from '../answer.ts'
import { problemBody, statusOf } from '../errors.ts'
import { graphProblem } from './cloud-api/problem.ts'
import { whinselfProblem } from './whinself/problem.ts'

/** An answer as it goes over the wire. */
export type Written = { readonly status: number; readonly mediaType: string; readonly body: string }

/** Tells a refusal as the API of its path tells them: clients of another API read it by what they know. */
export function writeProblem(problem: Problem, request: { id: string; path: string }): Written {
  if (request.path.startsWith('/graph/')) return graphProblem(problem, request.id)
  if (request.path.startsWith('/compat/whinself/')) return whinselfProblem(problem)
  const body = JSON.stringify(problemBody(problem, request))
  return { status: statusOf(problem.code), mediaType: 'application/problem+json', body }
}
