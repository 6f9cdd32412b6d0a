import { cloudApiRoutes } from '../compat/cloud-api/routes.ts'
import { whinselfRoutes } from '../compat/whinself/routes.ts'
import type { HttpDeps } from '../deps.ts'
import { accountRoutes } from './accounts.ts'
import { auditRoutes } from './audit.ts'
import { consentRoutes } from './consent.ts'
import { dashboardRoutes } from './dashboard.ts'
import { endpointRoutes } from './endpoints.ts'
import { eventRoutes } from './events.ts'
import { decisionRoutes, explainRoutes } from './explain.ts'
import { keyRoutes } from './keys.ts'
import { limitRoutes } from './limits.ts'
import { linkRoutes } from './link.ts'
import { mediaRoutes } from './media.ts'
import { messageRoutes } from './messages.ts'
import { described } from './openapi.ts'
import { policyRoutes } from './policy.ts'
import { policyOwnerRoutes } from './policy-changes.ts'
import { privacyRoutes } from './privacy.ts'
import { publishRoutes } from './publish.ts'
import { reviewRoutes } from './reviews.ts'
import type { Route } from './route.ts'
import { sendRoutes } from './send-message.ts'
import { socialRoutes } from './social/all.ts'
import { webhookRoutes } from './webhooks.ts'
import { whoamiRoutes } from './whoami.ts'

/** Every route there is, and the description of all. */
export function allRoutes(deps: HttpDeps): readonly Route[] {
  return described([
    ...whoamiRoutes(deps),
    ...accountRoutes(deps),
    ...linkRoutes(deps),
    ...messageRoutes(deps),
    ...reviewRoutes(deps),
    ...sendRoutes(deps),
    ...publishRoutes(deps),
    ...mediaRoutes(deps),
    ...consentRoutes(deps),
    ...privacyRoutes(deps),
    ...socialRoutes(deps),
    ...eventRoutes(deps),
    ...endpointRoutes(deps),
    ...webhookRoutes(deps),
    ...auditRoutes(deps),
    ...policyRoutes(deps),
    ...explainRoutes(deps),
    ...limitRoutes(deps),
    ...dashboardRoutes(),
    ...cloudApiRoutes(deps),
    ...whinselfRoutes(deps),
  ])
}

/** What the owner of the machine can do beside that, through the control socket. */
export function ownersRoutes(deps: HttpDeps): readonly Route[] {
  return [...policyOwnerRoutes(deps), ...keyRoutes(deps), ...decisionRoutes(deps), ...allRoutes(deps)]
}
