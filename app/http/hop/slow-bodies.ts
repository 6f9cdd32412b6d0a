import type { Request, RequestHandler, Response } from 'express'
import { problem } from '../answer.ts'
import { sendAtOnce } from '../send.ts'
import { announcesBody, isUpload } from './bodies.ts'
import { arrivals } from './call.ts'

/** What an upload gets instead of the policy's time for bodies. */
export const UPLOAD_WITHIN_MS = 15 * 60_000

/**
 * Gives up a request whose body has not come in time. Caddy makes its own 408 of it a little later, when its time for bodies is over
 * as well (`BODY_SLACK_MS` of render-edge.ts); without the app's it would take the caller for one who left, and may answer
 * an empty 200.
 */
export const refuseSlowBodies: RequestHandler = (request, response, next) => {
  if (!announcesBody(request)) return next()
  const { bodyTimeoutMs } = arrivals.get(request).policy.snapshot.edge.limits
  const withinMs = isUpload(request) ? UPLOAD_WITHIN_MS : bodyTimeoutMs
  const timer = setTimeout(() => {
    if (!request.complete && !response.headersSent) hangUp(request, response)
  }, withinMs)
  response.once('close', () => clearTimeout(timer))
  request.once('end', () => clearTimeout(timer))
  next()
}

function hangUp(request: Request, response: Response): void {
  request.socket.pause() // what came after all would be acted upon, although its caller was told otherwise
  response.set('Connection', 'close')
  sendAtOnce(
    request,
    response,
    problem('too-slow', 'The body did not come within the time that the policy gives it.'),
  )
}
