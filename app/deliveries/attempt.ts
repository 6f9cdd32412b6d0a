import { reasonOf } from '../lib/error.ts'
import type { Secret } from '../lib/secret.ts'
import type { Egress, EgressRequest } from '../model/egress-port.ts'
import type { Endpoint } from '../policy/snapshot.ts'
import type { Delivery } from '../store/deliveries.ts'
import { formatBody } from './format.ts'
import { nextAttemptAt } from './schedule.ts'
import { sign } from './signature.ts'

/** What one POST to an endpoint came to. The worker stores it; nothing else decides a retry. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly status: number }
  | { readonly kind: 'retry'; readonly status?: number; readonly reason: string; readonly dueAt: Date }
  | { readonly kind: 'dead'; readonly status?: number; readonly reason: string }
  | { readonly kind: 'endpoint-gone'; readonly status: number; readonly reason: string }

export type AttemptDeps = {
  readonly egress: Egress
  readonly readSecret: (ref: string) => Secret
  /** Keys the hashes of `payload.contact: hash`; the same for the life of an installation. */
  readonly contactKey: Secret
  /** Of the policy in force, for the header `postern-policy`. */
  readonly revision: string
  readonly now: () => Date
  readonly random: () => number
}

const MAX_RETRY_AFTER_MS = 60 * 60 * 1_000

/** Posts one delivery. Never throws: every failure of the far side, and of the secrets it needs, is an Outcome. */
export async function attempt(delivery: Delivery, endpoint: Endpoint, deps: AttemptDeps): Promise<Outcome> {
  const sentAt = deps.now()
  let request: EgressRequest
  try {
    request = requestOf(delivery, endpoint, sentAt, deps)
  } catch (error) {
    return retryOrDie({ reason: `not sent: ${reasonOf(error)}` })
  }
  const answer = await deps.egress.request(request)
  if (answer.kind === 'refused') return { kind: 'dead', reason: answer.reason } // the policy forbids the address
  if (answer.kind === 'failed') return retryOrDie({ reason: answer.reason })
  const { status } = answer
  if (status >= 200 && status < 300) return { kind: 'delivered', status }
  if (status === 410) return { kind: 'endpoint-gone', status, reason: 'endpoint answered 410 Gone' }
  return retryOrDie({ status, reason: `endpoint answered ${status}` }, answer.retryAfterMs)

  function retryOrDie(failure: { status?: number; reason: string }, retryAfterMs = 0): Outcome {
    const scheduledAt = nextAttemptAt(delivery, endpoint.retry.maxAgeMs, sentAt, deps.random)
    if (scheduledAt === undefined) return { kind: 'dead', ...failure }
    const earliestMs = sentAt.getTime() + Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)
    return { kind: 'retry', ...failure, dueAt: new Date(Math.max(scheduledAt.getTime(), earliestMs)) }
  }
}

function requestOf(delivery: Delivery, endpoint: Endpoint, sentAt: Date, deps: AttemptDeps): EgressRequest {
  const body = formatBody(delivery.event, endpoint, deps.contactKey)
  const secrets = endpoint.secretRefs.map(deps.readSecret)
  return {
    url: endpoint.url,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'postern',
      ...sign({ id: delivery.event.id, sentAt, body }, { scheme: endpoint.signScheme, secrets }),
      'postern-attempt': String(delivery.attemptCount + 1),
      'postern-policy': deps.revision,
    },
    body,
    allowCidrs: endpoint.allowCidrs,
    ...trustOf(endpoint, deps.readSecret),
    timeoutMs: endpoint.timeoutMs,
  }
}

/** Whom TLS trusts towards this endpoint, and who we are to it. */
function trustOf(
  { caRef, clientCertificateRef }: Endpoint,
  readSecret: AttemptDeps['readSecret'],
): Pick<EgressRequest, 'ca' | 'clientCertificate'> {
  const pem = (ref: string) => readSecret(ref).reveal().toString('utf8')
  const own = clientCertificateRef === undefined ? undefined : pem(clientCertificateRef)
  return {
    ...(caRef === undefined ? {} : { ca: pem(caRef) }),
    ...(own === undefined ? {} : { clientCertificate: { cert: own, key: own } }), // OpenSSL takes its own part of each
  }
}
