import type { RequestHandler } from 'express'
import type { Credential } from '../../identity/authenticate.ts'
import { SYSTEM } from '../../model/audit.ts'
import type { Principal } from '../../policy/snapshot.ts'
import { arrivals, calls, entrances } from './call.ts'

const CREDENTIAL: Credential = { kind: 'local' }
const PRINCIPAL: Principal = { name: SYSTEM.principal, kind: 'operator', roles: [], networks: [] }
/** It is asked for by routes alone: they serve the control socket what they serve the api site. */
const ENTRANCE = { site: 'api', remoteIp: '127.0.0.1' } as const

/** In place of site and credential: whoever could open the control socket is the appliance's owner. */
export function enterLocally(closing: AbortSignal): RequestHandler {
  return (request, response, next) => {
    entrances.set(request, ENTRANCE)
    const left = new AbortController()
    response.once('close', () => left.abort())
    calls.set(request, {
      ...arrivals.get(request),
      ...ENTRANCE,
      principal: PRINCIPAL,
      credential: CREDENTIAL,
      actor: { ...SYSTEM, credential: CREDENTIAL.kind },
      request,
      identify: () => ({ kind: 'known', principal: PRINCIPAL, credential: CREDENTIAL }),
      gone: AbortSignal.any([left.signal, closing]),
    })
    next()
  }
}
