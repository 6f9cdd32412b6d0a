import type { RequestHandler } from 'express'
import helmet from 'helmet'
import { arrivals, entrances } from './call.ts'

const NOTHING = {
  defaultSrc: ["'none'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
}
const DASHBOARD = {
  ...NOTHING,
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  connectSrc: ["'self'"],
}
const YEAR_S = 365 * 24 * 60 * 60
const LOCAL = /^(localhost|\[?[\d.:a-f]+\]?)$/

/**
 * helmet, strict: what is no page may load nothing, the dashboard only itself. No HSTS on localhost and bare addresses:
 * a browser would apply it to every other port of that machine.
 */
export const securityHeaders: RequestHandler = (request, response, next) => {
  const site = entrances.find(request)?.site
  const address =
    site === undefined ? undefined : arrivals.get(request).policy.snapshot.edge.sites[site]?.address
  const local = address === undefined || LOCAL.test(new URL(address).hostname)
  if (site === 'dashboard') response.set('Permissions-Policy', 'camera=(), microphone=(), geolocation=()')
  const headers = HEADERS[site === 'dashboard' ? 'dashboard' : 'other'][local ? 'local' : 'named']
  headers(request, response, next)
}

const both = (directives: Record<string, string[]>) => ({
  local: build(directives, false),
  named: build(directives, true),
})
const HEADERS = { dashboard: both(DASHBOARD), other: both(NOTHING) }

function build(directives: Record<string, string[]>, hsts: boolean): RequestHandler {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: hsts ? { maxAge: YEAR_S, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xXssProtection: false,
  }) as RequestHandler
}
