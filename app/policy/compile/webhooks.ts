import { namesMatching } from '../../lib/glob.ts'
import { present } from '../../lib/present.ts'
import { EVENT_TYPES, type EventType } from '../../model/event.ts'
import { TOLD_EVENTS } from '../../model/webhook-format.ts'
import { duration, timeout } from '../shape/notation.ts'
import type { Endpoint } from '../snapshot.ts'
import type { Declared, DeclaredEndpoint } from './declared.ts'
import { mapOf, parsedOr } from './values.ts'

const TIMEOUT_MS = 30_000
const MAX_AGE_MS = 7 * 86_400_000
const CONCURRENCY = 4

/** All endpoints by name. */
export function compileEndpoints(declared: Declared): ReadonlyMap<string, Endpoint> {
  return mapOf(declared.endpoints, (endpoint, name) => compileEndpoint(endpoint, name, declared))
}

function compileEndpoint(endpoint: DeclaredEndpoint, name: string, declared: Declared): Endpoint {
  const { url, sign, payload, retry, format = 'postern', verifyTokenRef } = endpoint
  const accounts =
    endpoint.accounts === undefined || endpoint.accounts.includes('*')
      ? undefined
      : new Set(namesMatching(endpoint.accounts, Object.keys(declared.accounts)))
  const events = namesMatching(endpoint.events, EVENT_TYPES) as readonly EventType[]
  return {
    name,
    url,
    events: new Set(events.filter(type => TOLD_EVENTS[format].has(type))),
    format,
    payload: { body: payload?.body ?? 'full', contact: payload?.contact ?? 'clear' },
    signScheme: sign.scheme ?? 'v1',
    secretRefs: sign.previousRef === undefined ? [sign.secretRef] : [sign.secretRef, sign.previousRef],
    allowCidrs: (endpoint.allowNetworks ?? []).flatMap(network => declared.networks[network]?.cidrs ?? []),
    order: endpoint.order ?? 'per-chat',
    timeoutMs: parsedOr(timeout, endpoint.timeout, TIMEOUT_MS),
    concurrency: endpoint.concurrency ?? CONCURRENCY,
    retry: { schedule: 'standard', maxAgeMs: parsedOr(duration, retry?.maxAge, MAX_AGE_MS) },
    ...present({
      accounts,
      verifyTokenRef,
      caRef: endpoint.tls?.ca,
      clientCertificateRef: endpoint.tls?.clientCertificate,
    }),
  }
}
