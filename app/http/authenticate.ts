import { hash } from 'node:crypto'
import type { RequestHandler } from 'express'
import { createApiKeys } from '../identity/api-key.ts'
import { authenticate, credentialWord, type Presented, type RefusalReason } from '../identity/authenticate.ts'
import { clientCertReader } from '../identity/client-certs.ts'
import { PosternError } from '../lib/error.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import type { Caller } from '../reload/probation/answers.ts'
import { type Problem, problem } from './answer.ts'
import type { HttpDeps } from './deps.ts'
import { type Arrival, arrivals, calls, type Entrance, entrances } from './hop/call.ts'
import { limitProblem } from './limits/floods.ts'
import type { Refusals } from './limits/refusals.ts'
import { send } from './send.ts'

type Site = Presented['site']

const CHALLENGES: Readonly<Record<Site, Readonly<Record<string, string>>>> = {
  api: {},
  keys: { 'WWW-Authenticate': 'Bearer realm="postern"' },
  dashboard: {},
}

/** Why the policy alone turns somebody away who shows what was good before. Not revoked, not expired: those are meant. */
const UNKNOWN: ReadonlySet<RefusalReason> = new Set(['unknown_principal', 'unknown_api_key'])

/** Where failures go. `countFailure` is run on those alone. */
export type Failures = { readonly refusals: Refusals; readonly countFailure: RequestHandler }

/** Finds out who asks, by the one kind of credential its site has. `closing` ends what still waits when the server stops. */
export function know(
  deps: HttpDeps,
  { refusals, countFailure }: Failures,
  closing: AbortSignal,
): RequestHandler {
  const readClientCert = clientCertReader(deps.clientAuthorities.current)
  const identity = { readClientCert, apiKeys: createApiKeys(deps), now: deps.now }

  return async (request, response, next) => {
    const arrival = arrivals.get(request)
    const entrance = entrances.get(request)
    const block = refusals.blockOf(entrance.remoteIp, arrival.policy)
    if (block !== undefined) return send(request, response, limitProblem(block.limit, block.retryAfterMs))
    const shown = presented(entrance, name => request.get(name))
    const identify = (snapshot: PolicySnapshot) => authenticate(shown, snapshot, identity)
    const found = identify(arrival.policy.snapshot)
    const caller = callerOf(shown)
    if (found.kind === 'refused') {
      if (UNKNOWN.has(found.reason)) deps.answers.turnedAway(caller)
      const answer = await refuse(arrival, entrance, found)
      return countFailure(request, response, () => send(request, response, answer))
    }
    deps.answers.letIn(caller, found.principal.name)
    if (found.credential.kind === 'api_key') deps.keyUses.note(found.credential.id)
    const credential = credentialWord(found.credential)
    const actor = { principal: found.principal.name, credential, ip: entrance.remoteIp }
    const left = new AbortController()
    response.once('close', () => left.abort())
    const gone = AbortSignal.any([left.signal, closing])
    calls.set(request, { ...arrival, ...entrance, ...found, actor, request, identify, gone })
    next()
  }

  async function refuse(
    arrival: Arrival,
    entrance: Entrance,
    refused: Extract<ReturnType<typeof authenticate>, { kind: 'refused' }>,
  ): Promise<Problem> {
    const { site, remoteIp } = entrance
    const block = await refusals.record({
      refused,
      remoteIp,
      site,
      requestId: arrival.id,
      policy: arrival.policy,
    })
    if (block !== undefined) return limitProblem(block.limit, block.retryAfterMs)
    return unauthenticated(entrance, refused.detail)
  }
}

/** What somebody is answered whose credential does not count. */
export function unauthenticated({ site }: Entrance, detail: string): Problem {
  return problem('unauthenticated', detail, { headers: CHALLENGES[known(site)] })
}

/** Takes from the headers what the site's kind of credential is, and leaves the others alone. */
function presented(entrance: Entrance, header: (name: string) => string | undefined): Presented {
  const site = known(entrance.site)
  const one = (name: 'clientCert' | 'authorization' | 'basicUser', value: string | undefined) =>
    value === undefined ? {} : { [name]: value }
  switch (site) {
    case 'api':
      return { site, ...one('clientCert', header('client-cert')) }
    case 'keys':
      return { site, ...one('authorization', header('authorization')) }
    case 'dashboard':
      return { site, ...one('basicUser', header('postern-basic-user')) }
  }
}

/** The same for everybody who shows the same. */
function callerOf({ site, clientCert = '', authorization = '', basicUser = '' }: Presented): Caller {
  return hash('sha256', `${site}\0${clientCert}\0${authorization}\0${basicUser}`, 'base64')
}

function known(site: Entrance['site']): Site {
  if (site === 'hooks') throw new PosternError('http.order', 'nobody is authenticated on the hooks site')
  return site
}
