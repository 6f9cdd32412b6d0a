import express, { type RequestHandler, Router } from 'express'
import type { Answer, Problem } from '../answer.ts'
import { problem } from '../answer.ts'
import { authorize, authorizeAny, checkAnybody, unknownAccount } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import { announcesBody, readInTurns } from '../hop/bodies.ts'
import { type Call, calls, param } from '../hop/call.ts'
import { send } from '../send.ts'
import type { Route } from './route.ts'

/** One router a site. A route of another site is not refused there: it does not exist. */
export function siteRouters(routes: readonly Route[], deps: HttpDeps): RequestHandler {
  const build = (site: 'api' | 'keys' | 'dashboard') =>
    routerOf(
      routes.filter(route => route.sites.includes(site)),
      deps,
    )
  const routers = { api: build('api'), keys: build('keys'), dashboard: build('dashboard') }
  return (request, response, next) => {
    const { site } = calls.get(request)
    if (site === 'hooks') return next()
    routers[site](request, response, next)
  }
}

function routerOf(routes: readonly Route[], deps: HttpDeps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  const parse = bodyParser()
  for (const path of new Set(routes.map(route => route.path))) {
    const here = routes.filter(route => route.path === path)
    const place = router.route(path)
    for (const route of here) place[route.method](...steps(route, parse, deps))
    place.all(wrongMethod(here))
  }
  return router
}

/** Authorize, then read the body, then act: nobody's body is read before it is known that they may come this far. */
function steps(route: Route, parse: RequestHandler, deps: HttpDeps): RequestHandler[] {
  const gate: RequestHandler = async (request, response, next) => {
    const refused = await admit(route, calls.get(request), deps)
    if (refused === undefined) next()
    else send(request, response, refused)
  }
  const act: RequestHandler = async (request, response) => {
    const answer: Answer = await route.handle(calls.get(request))
    if (!response.destroyed) send(request, response, answer)
  }
  const takesJson = route.body === undefined && route.method !== 'get' && route.method !== 'delete'
  return takesJson ? [gate, parse, act] : [gate, act]
}

async function admit(route: Route, call: Call, deps: HttpDeps): Promise<Problem | undefined> {
  const { access } = route
  switch (access.kind) {
    case 'anybody':
      return checkAnybody(call, deps)
    case 'any-account':
      return authorizeAny(call, access.action, deps)
    case 'appliance':
      return await authorize(call, access.action, {}, deps)
    case 'account': {
      const account = param(call, 'account')
      const touched = (await access.touches?.(call)) ?? {}
      return (
        (await authorize(call, access.action, { ...touched, account }, deps)) ?? unknownAccount(call, account)
      )
    }
    case 'itself':
      return undefined
    case 'owner':
      return call.credential.kind === 'local'
        ? undefined
        : problem('not-found', 'There is nothing at this address.')
  }
}

function wrongMethod(routes: readonly Route[]): RequestHandler {
  const allowed = routes.flatMap(route =>
    route.method === 'get' ? ['GET', 'HEAD'] : [route.method.toUpperCase()],
  )
  const list = [...new Set(allowed)].join(', ')
  const answer = problem('method-not-allowed', `Only ${list} can be used here.`, { headers: { Allow: list } })
  return (request, response) => send(request, response, answer)
}

/** The parser would take a dozen other encodings, and in UTF-7 a plus sign is something else than in a number. */
function isUtf8(contentType: string | undefined): boolean {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(contentType ?? '')?.[1]
  return charset === undefined || /^utf-?8$/i.test(charset)
}

/** What the control socket takes: a whole policy folder has to fit. */
const LOCAL_BODY_BYTES = 16 * 1024 * 1024

/** JSON alone, plain alone, no larger than the policy of the moment allows. A request without a body passes. */
function bodyParser(): RequestHandler {
  const parsers = new Map<number, RequestHandler>()
  const parserOf = (limit: number) => {
    const parser =
      parsers.get(limit) ?? express.json({ limit, strict: true, inflate: false, type: 'application/json' })
    parsers.clear() // one limit is in force at a time
    parsers.set(limit, parser)
    return parser
  }
  return (request, response, next) => {
    const { credential, policy } = calls.get(request)
    const local = credential.kind === 'local'
    const hasBody = announcesBody(request)
    if (hasBody && (request.is('application/json') === false || !isUtf8(request.get('content-type')))) {
      const detail = 'The body must be JSON in UTF-8: send it with Content-Type: application/json.'
      return send(request, response, problem('unsupported-media-type', detail))
    }
    // First: where the parser refuses at once, the answer reads the body, and sees by this that its turns are taken.
    if (hasBody && !request.complete) readInTurns(request)
    parserOf(local ? LOCAL_BODY_BYTES : policy.snapshot.edge.limits.maxBodyBytes)(request, response, next)
  }
}
