import type { IncomingMessage } from 'node:http'
import type { Request } from 'express'

/** The same as in proxy/sizes.caddy. */
const UPLOADS = /^\/(v1\/accounts|graph\/v[0-9.]+)\/[^/]+\/media\/?$/

/** Whether a body is to come with a file, which is larger and has more time than others. */
export function isUpload({ path }: Request): boolean {
  return UPLOADS.test(path)
}

export function announcesBody(request: Request): boolean {
  return request.get('transfer-encoding') !== undefined || Number(request.get('content-length') ?? 0) > 0
}

/**
 * Calls back once the rest of an ordinary body has come, unread, or at once when nothing is to come. An answer that overtakes its
 * body makes Go's server, and so Caddy, read on after it, now and then without any limit of time (`finishRequest` of
 * net/http clears the deadline): such a connection would stay as long as its caller likes.
 */
export function afterBody(request: Request, then: () => void): void {
  if (request.complete || isUpload(request) || !announcesBody(request)) {
    then()
    return
  }
  request.once('end', then)
  if (request.listenerCount('data') === 0) readInTurns(request)
  request.resume()
}

/**
 * Takes a body piece by piece: one piece of one body in each turn of the loop, so that all others have theirs between two. What
 * lies in the socket would be taken in one go otherwise, a mebibyte in five milliseconds, and fifty such bodies would hold
 * everybody up for as many. Once for a body, and its reader comes in the same turn: it begins to flow.
 */
export function readInTurns(request: IncomingMessage): void {
  request.on('data', () => {
    request.pause()
    if (paused.push(request) === 1) setImmediate(resumeNext)
  })
}

/** The bodies whose next piece is to come, of the whole process, as its loop is one: who has waited longest goes first. */
const paused: IncomingMessage[] = []

function resumeNext(): void {
  paused.shift()?.resume()
  if (paused.length > 0) setImmediate(resumeNext)
}
