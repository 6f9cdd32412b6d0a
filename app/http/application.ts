import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { reasonOf } from '../lib/error.ts'
import { problem } from './answer.ts'
import { know } from './authenticate.ts'
import type { HttpDeps } from './deps.ts'
import { problemOf } from './errors.ts'
import { upgradeOf } from './events/upgrade.ts'
import { arrive, checkSite, enter } from './hop/arrive.ts'
import { arrivals, calls } from './hop/call.ts'
import { enterLocally } from './hop/local.ts'
import { mayHaveEffect } from './hop/same-origin.ts'
import { securityHeaders } from './hop/security-headers.ts'
import { refuseSlowBodies } from './hop/slow-bodies.ts'
import { countFailures, countRequests, DEFAULT_FLOODS } from './limits/floods.ts'
import { createGuesses } from './limits/guesses.ts'
import { createRefusals } from './limits/refusals.ts'
import { allRoutes, ownersRoutes } from './routes/all.ts'
import { probes } from './routes/probes.ts'
import { siteRouters } from './routes/router.ts'
import { send } from './send.ts'

/** The Express application: every request passes these steps in this order. `closing` ends what still waits. */
export function createApplication(deps: HttpDeps, closing: AbortSignal): Express {
  const floods = deps.floods ?? DEFAULT_FLOODS
  const refusals = createRefusals(deps)
  const guesses = createGuesses({ ...deps, refusals }, closing)
  const app = plainExpress()
  app.use(arrive(deps), securityHeaders, refuseSlowBodies, enter, guesses.hear, probes(deps))
  const failures = { refusals, countFailure: countFailures(floods) }
  app.use(checkSite, guesses.answer, countRequests(floods), know(deps, failures, closing), fromOurPage)
  app.use(siteRouters(allRoutes(deps), deps))
  app.use(nothing, failed(deps))
  return app
}

/** The same routes and those of the owner, for the control socket: who can open it needs no proxy, no credential and no limit. */
export function createControlApplication(deps: HttpDeps, closing: AbortSignal): Express {
  const app = plainExpress()
  app.use(arrive(deps), enterLocally(closing), siteRouters(ownersRoutes(deps), deps))
  app.use(nothing, failed(deps))
  return app
}

function plainExpress(): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.disable('trust proxy')
  app.enable('strict routing')
  app.enable('case sensitive routing')
  app.set('query parser', 'simple')
  return app
}

/**
 * Browsers send passwords and certificates along with whatever page asks, so what has an effect must come from our own;
 * so must a WebSocket, whose answers they show to any page.
 */
const fromOurPage: RequestHandler = (request, response, next) => {
  const { site, policy } = calls.get(request)
  const method = upgradeOf(request) === undefined ? request.method : 'UPGRADE'
  if (mayHaveEffect({ site, method, header: name => request.get(name) }, policy.snapshot)) return next()
  send(
    request,
    response,
    problem('cross-site', 'Changes and WebSockets on this site are only taken from its own page.'),
  )
}

const nothing: RequestHandler = (request, response) => {
  send(request, response, problem('not-found', 'There is nothing at this address.'))
}

function failed(deps: HttpDeps): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const answer = problemOf(error)
    if (answer.code === 'internal') {
      deps.answers.failed()
      const stack = error instanceof Error ? error.stack : undefined
      deps.log.error('http.failed', { request: arrivals.get(request).id, reason: reasonOf(error), stack })
    }
    if (response.headersSent) return next(error)
    send(request, response, answer)
  }
}
