import type { RequestHandler } from 'express'
import { problem } from '../answer.ts'
import { arrivals, entrances } from '../hop/call.ts'
import { send } from '../send.ts'
import { limitProblem } from './floods.ts'
import type { Refusals } from './refusals.ts'

/** What the edge says about a password for which it is about to do the work, and about one that was wrong. */
const QUESTIONS: ReadonlySet<string> = new Set(['may-guess', 'guessed-wrong'])

const WRONG_PASSWORD = {
  kind: 'refused',
  reason: 'wrong_password',
  detail: 'The password is wrong.',
} as const

/**
 * Answers what Caddy asks in `Postern-Ask`, a header that nobody else can send: passwords of the dashboard are checked there,
 * but who is kept out for guessing is decided here, for all sites together. 204 lets the password be looked at.
 */
export function answerGuesses(refusals: Refusals): RequestHandler {
  return async (request, response, next) => {
    const question = request.get('postern-ask')
    if (question === undefined) return next()
    if (!QUESTIONS.has(question)) {
      return send(request, response, problem('malformed', 'The proxy asks what is not known here.'))
    }
    const { policy, id: requestId } = arrivals.get(request)
    const { remoteIp, site } = entrances.get(request)
    const block =
      question === 'may-guess'
        ? refusals.blockOf(remoteIp, policy)
        : await refusals.record({ refused: WRONG_PASSWORD, remoteIp, site, requestId, policy })
    if (block !== undefined) {
      return send(request, response, limitProblem(block.limit, block.retryAfterMs))
    }
    if (question === 'may-guess') return void response.status(204).end()
    send(request, response, problem('unauthenticated', WRONG_PASSWORD.detail))
  }
}
