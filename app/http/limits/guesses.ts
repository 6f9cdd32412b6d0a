import type { RequestHandler } from 'express'
import { reasonOf } from '../../lib/error.ts'
import { problem } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import { arrivals, entrances, hops } from '../hop/call.ts'
import { send } from '../send.ts'
import { addressKey } from './bounded.ts'
import { limitProblem } from './floods.ts'
import { createPlaces } from './places.ts'
import type { Refusals } from './refusals.ts'

const WRONG_PASSWORD = {
  kind: 'refused',
  reason: 'wrong_password',
  detail: 'The password is wrong.',
} as const

/** Caddy never told how it was: the caller hung up meanwhile, which takes back what Caddy would have said. */
const ABANDONED_PASSWORD = {
  kind: 'refused',
  reason: 'abandoned_password',
  detail: 'The caller hung up before the password was judged.',
} as const

const NO_PLACE = problem('limited', 'Too many passwords are looked at just now; ask again in a moment.', {
  headers: { 'Retry-After': '1' },
})

export type Guesses = {
  /** For every request: one that brings the user of a right password says how the guess before it ended. */
  readonly hear: RequestHandler
  /**
   * Answers what Caddy asks in `Postern-Ask`, a header that nobody else can send. Passwords of the dashboard are checked there,
   * but who is kept out for guessing is decided here, for all sites together, and how many are checked at a time. To
   * `may-guess` 204 lets the password be looked at; `guessed-wrong` tells of one that was wrong.
   */
  readonly answer: RequestHandler
}

type GuessDeps = Pick<HttpDeps, 'log' | 'places'> & { readonly refusals: Refusals }

/** Keeps the account of the passwords that Caddy looks at. `closing` sends away who waits when the server stops. */
export function createGuesses({ refusals, places: times, log }: GuessDeps, closing: AbortSignal): Guesses {
  const places = createPlaces(times)

  const hear: RequestHandler = (request, _response, next) => {
    const hop = hops.get(request)
    if (hop.kind === 'site' && request.get('postern-basic-user')) {
      places.leave(addressKey(hop.remoteIp), 'right')
    }
    next()
  }

  const answer: RequestHandler = (request, response, next) => {
    switch (request.get('postern-ask')) {
      case undefined:
        return next()
      case 'may-guess':
        return mayGuess(request, response, next)
      case 'guessed-wrong':
        return guessedWrong(request, response, next)
      default:
        send(request, response, problem('malformed', 'The proxy asks what is not known here.'))
    }
  }

  const mayGuess: RequestHandler = async (request, response) => {
    const { policy, id: requestId } = arrivals.get(request)
    const { remoteIp, site } = entrances.get(request)
    const address = addressKey(remoteIp)
    const left = new AbortController()
    response.once('close', () => left.abort())
    const onLost = () => {
      refusals
        .record({ refused: ABANDONED_PASSWORD, remoteIp, site, requestId, policy })
        .catch(error => log.error('auth.unrecorded', { request: requestId, reason: reasonOf(error) }))
    }
    const block = refusals.blockOf(remoteIp, policy)
    if (block !== undefined) return send(request, response, limitProblem(block.limit, block.retryAfterMs))
    if (!(await places.take(address, { gone: AbortSignal.any([left.signal, closing]), onLost })))
      return send(request, response, NO_PLACE)
    const since = refusals.blockOf(remoteIp, policy)
    if (since === undefined) return void response.status(204).end()
    places.leave(address, 'not-judged')
    send(request, response, limitProblem(since.limit, since.retryAfterMs))
  }

  const guessedWrong: RequestHandler = async (request, response) => {
    const { policy, id: requestId } = arrivals.get(request)
    const { remoteIp, site } = entrances.get(request)
    const recorded = refusals.record({ refused: WRONG_PASSWORD, remoteIp, site, requestId, policy })
    places.leave(addressKey(remoteIp), 'wrong') // after it was counted, so that who waits is judged by the count
    const block = await recorded
    if (block !== undefined) return send(request, response, limitProblem(block.limit, block.retryAfterMs))
    send(request, response, problem('unauthenticated', WRONG_PASSWORD.detail))
  }

  return { hear, answer }
}
