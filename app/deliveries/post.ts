import { reasonOf } from '../lib/error.ts'
import type { Secret } from '../lib/secret.ts'
import { step } from '../lib/step.ts'
import type { Egress, EgressAnswer, EgressRequest } from '../model/egress-port.ts'
import type { Endpoint } from '../policy/snapshot.ts'
import { formatBody, type Tellable } from './format.ts'
import { sign } from './signature.ts'

/** One event on its way to one endpoint, for the how-manieth time. */
export type Letter = { readonly event: Tellable; readonly attempt: number }

/** `unsent`: something of ours was missing, so that nothing left. */
export type Posted = EgressAnswer | { readonly kind: 'unsent'; readonly reason: string }

export type PostDeps = {
  readonly egress: Egress
  readonly readSecret: (ref: string) => Secret
  /** Keys the hashes of `payload.contact: hash`; the same for the life of an installation. */
  readonly contactKey: Secret
  /** Of the policy in force, for the header `postern-policy`. */
  readonly revision: string
  readonly now: () => Date
}

/** Formats, signs and posts. Never throws: every failure of the far side, and of the secrets it needs, is an answer. */
export async function post(letter: Letter, endpoint: Endpoint, deps: PostDeps): Promise<Posted> {
  let request: EgressRequest
  try {
    request = requestOf(letter, endpoint, deps)
  } catch (error) {
    return { kind: 'unsent', reason: `not sent: ${reasonOf(error)}` }
  }
  step('delivery.before_post')
  const answer = await deps.egress.request(request)
  step('delivery.posted')
  return answer
}

function requestOf({ event, attempt }: Letter, endpoint: Endpoint, deps: PostDeps): EgressRequest {
  const { readSecret, contactKey, revision, now } = deps
  const body = formatBody(event, endpoint, contactKey)
  const secrets = endpoint.secretRefs.map(readSecret)
  return {
    url: endpoint.url,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'postern',
      ...sign({ id: event.id, sentAt: now(), body }, { scheme: endpoint.signScheme, secrets }),
      'postern-attempt': String(attempt),
      'postern-policy': revision,
    },
    body,
    allowCidrs: endpoint.allowCidrs,
    ...trustOf(endpoint, readSecret),
    timeoutMs: endpoint.timeoutMs,
  }
}

/** Whom TLS trusts towards this endpoint, and who we are to it. */
function trustOf(
  { caRef, clientCertificateRef }: Endpoint,
  readSecret: PostDeps['readSecret'],
): Pick<EgressRequest, 'ca' | 'clientCertificate'> {
  const pem = (ref: string) => readSecret(ref).reveal().toString('utf8')
  const own = clientCertificateRef === undefined ? undefined : pem(clientCertificateRef)
  return {
    ...(caRef === undefined ? {} : { ca: pem(caRef) }),
    ...(own === undefined ? {} : { clientCertificate: { cert: own, key: own } }), // OpenSSL takes its own part of each
  }
}
