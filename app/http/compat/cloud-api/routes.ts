import { problem } from '../../answer.ts'
import type { HttpDeps } from '../../deps.ts'
import { param } from '../../hop/call.ts'
import type { Route } from '../../routes/route.ts'
import { COMPAT_SITES } from '../sites.ts'
import { graphFileRoutes } from './files.ts'
import { graphMessageRoutes } from './messages.ts'
import { graphProfileRoutes } from './profile.ts'

/** Which version a client names makes no difference here. */
const VERSION = /^v\d{1,3}\.\d{1,2}$/

/**
 * WhatsApp Cloud API, for clients that exist: an account's name is their phone number id, an API key their access token. What
 * may be done is decided as for `/v1`, by the same functions.
 */
export function cloudApiRoutes(deps: HttpDeps): readonly Route[] {
  return [...graphMessageRoutes(deps), ...graphFileRoutes(deps), ...graphProfileRoutes(deps)].map(route => ({
    ...route,
    sites: COMPAT_SITES,
    handle: call => (VERSION.test(param(call, 'version')) ? route.handle(call) : NO_VERSION),
  }))
}

const NO_VERSION = problem('not-found', 'The path must begin with /graph/ and a version, such as v23.0.')
