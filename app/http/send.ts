import type { Request, Response } from 'express'
import type { Answer, Problem } from './answer.ts'
import { problemBody, statusOf } from './errors.ts'
import { arrivals } from './hop/call.ts'

/** The only place that writes an answer. */
export function send(request: Request, response: Response, answer: Answer): void {
  response.set(answer.headers ?? {})
  switch (answer.kind) {
    case 'json':
      response.status(answer.status).json(answer.body)
      return
    case 'bytes':
      response.status(200).type(answer.mediaType).send(answer.bytes)
      return
    case 'problem':
      sendProblem(request, response, answer)
  }
}

function sendProblem(request: Request, response: Response, problem: Problem): void {
  const body = problemBody(problem, { id: arrivals.get(request).id, path: pathOf(request) })
  response.status(statusOf(problem.code)).type('application/problem+json').send(JSON.stringify(body))
}

/** The path as asked for, without the query. */
function pathOf(request: Request): string {
  return request.originalUrl.split('?', 1)[0] ?? '/'
}
