import type { Credential } from '../../identity/authenticate.ts'
import { networkOf } from '../../policy/networks.ts'
import { json } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import { type Route, V1_SITES } from './route.ts'

/** `GET /v1/whoami`: how the appliance sees the caller. */
export function whoamiRoutes(deps: Pick<HttpDeps, 'sandbox'>): readonly Route[] {
  return [
    {
      method: 'get',
      path: '/v1/whoami',
      sites: V1_SITES,
      access: { kind: 'anybody' },
      handle: ({ principal, credential, remoteIp, site, policy }) =>
        json({
          principal: principal.name,
          kind: principal.kind,
          credential: credentialJson(credential),
          network: networkOf(policy.snapshot, remoteIp) ?? null,
          ip: remoteIp,
          site,
          roles: principal.roles,
          expires_at: principal.expiresAt?.toISOString() ?? null,
          policy: { revision: policy.revision, digest: policy.snapshot.digest },
          sandbox: deps.sandbox,
        }),
    },
  ]
}

function credentialJson(credential: Credential): object {
  switch (credential.kind) {
    case 'certificate':
      return {
        kind: 'certificate',
        serial: credential.serial,
        expires_at: credential.expiresAt.toISOString(),
      }
    case 'api_key':
      return { kind: 'api_key', id: credential.id }
    case 'basic':
      return { kind: 'basic', user: credential.user }
    case 'local':
      return { kind: 'local' }
  }
}
