import type { Request, RequestHandler, Response } from 'express'
import { problem } from '../answer.ts'
import { send } from '../send.ts'
import { arrivals } from './call.ts'

/** What an upload gets instead of the policy's time for bodies. */
export const UPLOAD_WITHIN_MS = 15 * 60_000
/** The same as in proxy/sizes.caddy. */
const UPLOADS = /^\/(v1\/accounts|graph\/v[0-9.]+)\/[^/]+\/media\/?$/

/**
 * Tells a caller whose body has not come in time, and hangs up. Caddy would wait a little longer (`BODY_SLACK_MS` of
 * render-edge.ts) and then take the caller for one who left, to whom it may answer an empty 200.
 */
export const refuseSlowBodies: RequestHandler = (request, response, next) => {
  if (!announcesBody(request)) return next()
  const { bodyTimeoutMs } = arrivals.get(request).policy.snapshot.edge.limits
  const withinMs = UPLOADS.test(request.path) ? UPLOAD_WITHIN_MS : bodyTimeoutMs
  const timer = setTimeout(() => {
    if (!request.complete && !response.headersSent) hangUp(request, response)
  }, withinMs)
  response.once('close', () => clearTimeout(timer))
  request.once('end', () => clearTimeout(timer))
  next()
}

function announcesBody(request: Request): boolean {
  return request.get('transfer-encoding') !== undefined || Number(request.get('content-length') ?? 0) > 0
}

function hangUp(request: Request, response: Response): void {
  request.socket.pause() // what came after all would be acted upon, although its caller was told otherwise
  response.set('Connection', 'close')
  send(
    request,
    response,
    problem('too-slow', 'The body did not come within the time that the policy gives it.'),
  )
}
