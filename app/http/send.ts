import { once } from 'node:events'
import { pipeline } from 'node:stream'
import type { Request, Response } from 'express'
import { type Answer, type FileAnswer, type Problem, problem, type StreamAnswer } from './answer.ts'
import { writeProblem } from './compat/dialect.ts'
import { serveSentEvents } from './events/server-sent.ts'
import { upgradeOf } from './events/upgrade.ts'
import { serveWebSocket } from './events/web-socket.ts'
import { afterBody } from './hop/bodies.ts'
import { arrivals } from './hop/call.ts'
import { allowanceHeaders } from './limits/allowance.ts'

/** Answers once the body of the request is there. */
export function send(request: Request, response: Response, answer: Answer): void {
  afterBody(request, () => !response.headersSent && sendAtOnce(request, response, answer))
}

/** The only place that writes an answer. By itself for a body that is not waited for any longer. */
export function sendAtOnce(request: Request, response: Response, answer: Answer): void {
  if (answer.kind === 'file') void sendFile(request, response, answer)
  else sendWhole(request, response, answer)
}

function sendWhole(request: Request, response: Response, answer: Exclude<Answer, FileAnswer>): void {
  setHeaders(request, response, answer)
  switch (answer.kind) {
    case 'json':
      response.status(answer.status).json(answer.body)
      return
    case 'bytes':
      response.status(200).type(answer.mediaType).send(answer.bytes)
      return
    case 'stream':
      sendStream(request, response, answer)
      return
    case 'problem':
      sendProblem(request, response, answer)
  }
}

function setHeaders(request: Request, response: Response, { headers }: Answer): void {
  response.set({ ...allowanceHeaders(request), ...headers })
}

function sendStream(request: Request, response: Response, stream: StreamAnswer): void {
  const upgrade = upgradeOf(request)
  if (upgrade === undefined) void serveSentEvents(response, stream)
  else serveWebSocket({ request, response, upgrade }, stream)
}

/**
 * Read as fast as the caller takes it, and promised only once its first piece is there. One that cannot be read to its end breaks
 * off, which the promised length shows.
 */
async function sendFile(request: Request, response: Response, answer: FileAnswer): Promise<void> {
  const { size, span, open } = answer
  const { start, end } = typeof span === 'object' ? span : { start: 0, end: size }
  const file = span === 'none' || request.method === 'HEAD' ? undefined : open({ start, end })
  try {
    if (file !== undefined) await once(file, 'readable')
  } catch (error) {
    sendWhole(request, response, unreadable(error))
    return
  }
  setHeaders(request, response, answer)
  if (span === 'none') response.status(416).set('Content-Range', `bytes */${size}`)
  else response.status(span === 'all' ? 200 : 206).set('Content-Length', String(end - start))
  if (typeof span === 'object') response.set('Content-Range', `bytes ${start}-${end - 1}/${size}`)
  if (file === undefined) response.end()
  else pipeline(file, response, () => {})
}

/** Somebody may have removed the file since it was found, or have changed it on the disk. */
function unreadable(error: unknown): Problem {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT' || code === 'store.corrupt'
    ? problem('gone', 'The file cannot be had any more: it was removed or changed.')
    : problem('not-ready', 'The file cannot be read now.', { headers: { 'Retry-After': '30' } })
}

function sendProblem(request: Request, response: Response, problem: Problem): void {
  const asked = { id: arrivals.get(request).id, path: pathOf(request) }
  const { status, mediaType, body } = writeProblem(problem, asked)
  response.status(status).type(mediaType).send(body)
}

/** The path as asked for, without the query. */
function pathOf(request: Request): string {
  return request.originalUrl.split('?', 1)[0] ?? '/'
}
