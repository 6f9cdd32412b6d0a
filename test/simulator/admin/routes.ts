import type { Network } from '../network/network.ts'
import type { ChatServer } from '../network/server.ts'
import type { Load } from './load/load.ts'

/** What a route is given: the network, and the parts of the request. */
export type AdminRequest = {
  readonly network: Network
  readonly server: ChatServer
  readonly load: Load
  /** What stands in the path where the route has a name, decoded. */
  readonly path: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** The parsed JSON; an empty object when the request has no body. */
  readonly body: unknown
}

export type AdminRoute = (request: AdminRequest) => unknown

/** Routes by `METHOD /path/{name}`. A route answers what is sent as JSON, or throws an AdminError. */
export type AdminRoutes = Readonly<Record<string, AdminRoute>>

export type Match = { readonly route: AdminRoute; readonly path: Readonly<Record<string, string>> }

/**
 * The route for a request; the methods that the path knows when it is not this one; undefined for an unknown
 * path.
 */
export function findRoute(
  routes: AdminRoutes,
  method: string,
  pathname: string,
): Match | readonly string[] | undefined {
  const allowed: string[] = []
  for (const [pattern, route] of Object.entries(routes)) {
    const [wanted = '', template = ''] = pattern.split(' ')
    const path = matchPath(template, pathname)
    if (path === undefined) continue
    if (wanted === method) return { route, path }
    allowed.push(wanted)
  }
  return allowed.length === 0 ? undefined : allowed
}

function matchPath(template: string, pathname: string): Readonly<Record<string, string>> | undefined {
  const wanted = template.split('/')
  const given = pathname.split('/')
  if (wanted.length !== given.length) return undefined
  const found: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (part.startsWith('{')) found[part.slice(1, -1)] = decodeURIComponent(value)
    else if (part !== value) return undefined
  }
  return found
}
