import { reasonOf } from '../lib/error.ts'
import type { Secret } from '../lib/secret.ts'
import { step } from '../lib/step.ts'
import type { Egress, EgressAnswer, EgressRequest } from '../model/egress-port.ts'
import type { Endpoint } from '../policy/snapshot.ts'
import { formatBody } from './format.ts'
import type { Surroundings, Tellable } from './formats/tellable.ts'
import { createHandshake, type Handshake } from './handshake.ts'
import { reachOf } from './reach.ts'
import { hubSignature, sign } from './signature.ts'

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
  /** What formats of other APIs say beside the event; nothing when absent. */
  readonly surroundings?: (event: Tellable) => Promise<Surroundings>
  /** Remembers who has been asked; when absent, endpoints that want to be asked are so before each post. */
  readonly handshake?: Handshake
}

/** Formats, signs and posts. Never throws: every failure of the far side, and of the secrets it needs, is an answer. */
export async function post(letter: Letter, endpoint: Endpoint, deps: PostDeps): Promise<Posted> {
  let request: EgressRequest
  try {
    const shake = deps.handshake ?? createHandshake(deps)
    const unverified = endpoint.verifyTokenRef === undefined ? undefined : await shake(endpoint)
    if (unverified !== undefined) return { kind: 'unsent', reason: unverified }
    request = await requestOf(letter, endpoint, deps)
  } catch (error) {
    return { kind: 'unsent', reason: `not sent: ${reasonOf(error)}` }
  }
  step('delivery.before_post')
  const answer = await deps.egress.request(request)
  step('delivery.posted')
  return answer
}

async function requestOf(
  { event, attempt }: Letter,
  endpoint: Endpoint,
  deps: PostDeps,
): Promise<EgressRequest> {
  const { readSecret, contactKey, revision } = deps
  const about = endpoint.format === 'postern' ? {} : await deps.surroundings?.(event)
  const body = formatBody(event, endpoint, { contactKey, ...(about && { about }) })
  return {
    url: endpoint.url,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'postern',
      ...signatureOf({ id: event.id, body }, endpoint, deps),
      'postern-attempt': String(attempt),
      'postern-policy': revision,
    },
    body,
    ...reachOf(endpoint, readSecret),
  }
}

/** Receivers of Cloud API look for one signature over the body; the id is there for whoever wants to tell repeats apart. */
function signatureOf(
  { id, body }: { readonly id: string; readonly body: string },
  endpoint: Endpoint,
  { readSecret, now }: PostDeps,
): Readonly<Record<string, string>> {
  const [newest, ...before] = endpoint.secretRefs.map(readSecret)
  if (endpoint.format === 'cloud-api' && newest !== undefined)
    return { 'webhook-id': id, 'x-hub-signature-256': hubSignature(body, newest) }
  const secrets = newest === undefined ? [] : [newest, ...before]
  return sign({ id, sentAt: now(), body }, { scheme: endpoint.signScheme, secrets })
}
