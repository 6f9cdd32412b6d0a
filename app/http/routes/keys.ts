import { createApiKeys } from '../../identity/api-key.ts'
import type { PolicySnapshot, Principal } from '../../policy/snapshot.ts'
import { json } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import type { Route } from './route.ts'

type KeyDeps = Pick<HttpDeps, 'readSecret' | 'keyUses' | 'log' | 'now'>

/** The API keys of the policy in force, on the control socket alone: nobody who asks from outside needs to know of others' keys. */
export function keyRoutes(deps: KeyDeps): readonly Route[] {
  const keys = createApiKeys(deps)

  async function keyJson(principal: Principal, { networks }: PolicySnapshot) {
    const { name, apiKeyHashRef, expiresAt } = principal
    const id = keys.idOf(principal)
    const usedAt = id === undefined ? undefined : await deps.keyUses.lastUse(id)
    const expired = expiresAt !== undefined && expiresAt <= deps.now()
    return {
      name,
      id: id ?? null,
      state: id === undefined ? 'unusable' : expired ? 'expired' : 'valid',
      hash_ref: apiKeyHashRef,
      networks: principal.networks.map(network => ({
        name: network,
        cidrs: networks.get(network)?.cidrs ?? [],
      })),
      expires_at: expiresAt?.toISOString() ?? null,
      last_used_at: usedAt?.toISOString() ?? null,
    }
  }

  return [
    {
      ...{ method: 'get', path: '/v1/keys', sites: ['api'], access: { kind: 'itself' } },
      async handle({ policy: { snapshot } }) {
        const owners = [...snapshot.principals.values()].filter(one => one.apiKeyHashRef !== undefined)
        return json({ data: await Promise.all(owners.map(owner => keyJson(owner, snapshot))) })
      },
    },
  ]
}
