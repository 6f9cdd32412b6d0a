import type { HttpDeps } from '../../deps.ts'
import type { Route } from '../../routes/route.ts'
import { COMPAT_SITES } from '../sites.ts'
import { whinselfAccountRoutes } from './account.ts'
import { whinselfChannelRoutes } from './channels.ts'
import { whinselfGroupRoutes } from './groups.ts'
import { whinselfMessageRoutes } from './messages.ts'

/**
 * Whinself's endpoints, for callers that exist; there each account has a container of its own, here a path. What may be done is
 * decided as for `/v1`, by the same functions.
 */
export function whinselfRoutes(deps: HttpDeps): readonly Route[] {
  return [
    ...whinselfMessageRoutes(deps),
    ...whinselfGroupRoutes(deps),
    ...whinselfChannelRoutes(deps),
    ...whinselfAccountRoutes(deps),
  ].map(route => ({ ...route, sites: COMPAT_SITES }))
}
