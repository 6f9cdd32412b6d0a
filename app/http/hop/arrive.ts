import type { Request, RequestHandler, Response } from 'express'
import { newId } from '../../lib/ids.ts'
import { ipInNetworks } from '../../policy/networks.ts'
import type { PolicySnapshot } from '../../policy/snapshot.ts'
import { type Problem, problem } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import { send } from '../send.ts'
import { arrivals, calls, type Entrance, entrances, hops } from './call.ts'
import { readHop } from './hop.ts'

const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz'])

/** First of all: the request gets its id and the policy that judges it to its end, and a line in the log when it is over. */
export function arrive(deps: Pick<HttpDeps, 'policy' | 'now' | 'log'>): RequestHandler {
  return (request, response, next) => {
    const at = deps.now()
    const arrival = { id: newId('req', at), at, policy: deps.policy() }
    arrivals.set(request, arrival)
    response.set({
      'X-Request-Id': arrival.id,
      'Postern-Policy': arrival.policy.revision,
      'Cache-Control': 'no-store',
    })
    const hop = readHop(request.rawHeaders, name => request.get(name))
    hops.set(request, hop)
    if (hop.kind === 'site') entrances.set(request, hop)
    response.once('close', () => logged(request, response, deps))
    next()
  }
}

/** Through which site it came. Only Caddy's own health checks come through none. */
export const enter: RequestHandler = (request, response, next) => {
  const hop = hops.get(request)
  switch (hop.kind) {
    case 'faulty':
      return send(request, response, problem('malformed', hop.detail))
    case 'unknown-site':
      return send(request, response, problem('not-found', 'There is nothing at this address.'))
    case 'probe':
      if (PROBES.has(request.path)) return next()
      return send(request, response, problem('not-found', 'There is nothing at this address.'))
    case 'site':
      return next()
  }
}

/** What Caddy has checked already, again: the site exists in the policy of this moment and lets this address in. */
export const checkSite: RequestHandler = (request, response, next) => {
  const refused = refusedBySite(arrivals.get(request).policy.snapshot, entrances.get(request))
  if (refused === undefined) next()
  else send(request, response, refused)
}

/** Undefined where a policy has the site and opens it to this address. */
export function refusedBySite(snapshot: PolicySnapshot, { site, remoteIp }: Entrance): Problem | undefined {
  const declared = snapshot.edge.sites[site]
  if (declared === undefined || site === 'hooks') {
    return problem('not-found', 'There is nothing at this address.')
  }
  const open = declared.networks.length === 0 || ipInNetworks(snapshot, remoteIp, declared.networks)
  if (open) return undefined
  return problem('denied', 'This site is not open to the network the request comes from.')
}

/** Ids, words and counts only: a path can hold a number, so the route's pattern stands for it. */
function logged(request: Request, response: Response, deps: Pick<HttpDeps, 'log' | 'now'>): void {
  const { id, at } = arrivals.get(request)
  const fields = {
    request: id,
    method: request.method,
    route: routeOf(request),
    status: response.statusCode,
    ms: deps.now().getTime() - at.getTime(),
    site: entrances.find(request)?.site,
    principal: calls.find(request)?.principal.name,
  }
  if (PROBES.has(request.path)) deps.log.debug('http.request', fields)
  else deps.log.info('http.request', fields)
}

function routeOf(request: Request): string {
  const route: unknown = request.route
  const known =
    typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string'
  return known ? String(route.path) : '-'
}
