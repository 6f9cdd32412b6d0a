import { Secret } from '../../app/lib/secret.ts'
import type { PosternEvent } from '../../app/model/event.ts'
import type { Endpoint, PolicyInForce, PolicySnapshot } from '../../app/policy/snapshot.ts'
import type { Delivery } from '../../app/store/deliveries.ts'

export const SIGNING_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
export const CONTACT_KEY = new Secret(Buffer.alloc(32, 9))

/** An endpoint as a policy declares it, with what a test changes. */
export function endpointOf(change: Partial<Endpoint> = {}): Endpoint {
  return {
    name: 'ops',
    url: 'https://hooks.test/',
    events: new Set(['message.received', 'message.sent']),
    format: 'postern',
    payload: { body: 'full', contact: 'clear' },
    signScheme: 'v1',
    secretRefs: ['secret:sign'],
    allowCidrs: ['127.0.0.0/8'],
    order: 'none',
    timeoutMs: 5_000,
    concurrency: 4,
    retry: { schedule: 'standard', maxAgeMs: 7 * 24 * 60 * 60 * 1_000 },
    ...change,
  }
}

/** A policy in force that holds nothing but these endpoints. */
export function policyOf(...endpoints: readonly Endpoint[]): PolicyInForce {
  const snapshot: PolicySnapshot = {
    digest: 'sha256:0',
    edge: { tls: { mode: 'internal' }, sites: {}, basicAuthUsers: new Map(), limits: NO_LIMITS },
    networks: new Map(),
    principals: new Map(),
    revokedSerials: new Set(),
    accounts: new Map(),
    rules: [],
    asksAcquaintance: false,
    tests: { requireAll: true, minRuleCoverage: 0 },
    guardrails: new Map(),
    lists: new Map(),
    limits: new Map(),
    pacing: new Map(),
    endpoints: new Map(endpoints.map(endpoint => [endpoint.name, endpoint])),
    phoneRule: { reject: [] },
    consent: { requiredFields: [] },
    templates: new Map(),
    retention: {},
    signing: { isRequired: false, keyRefs: [] },
    reload: { mode: 'apply' },
    onBadPolicyAtBoot: 'refuse',
  }
  return { revision: 'r3', snapshot }
}

const NO_LIMITS = {
  maxBodyBytes: 1,
  maxUploadBytes: 1,
  headerTimeoutMs: 1,
  bodyTimeoutMs: 1,
  idleTimeoutMs: 1,
}

export const EVENT: PosternEvent = {
  id: 'evt_01',
  type: 'message.received',
  at: new Date('2026-11-23T10:00:00.000Z'),
  account: 'main',
  sequence: 7,
  chat: '+15550100',
  data: {
    message_id: '3EB0AA',
    chat: '+15550100',
    from: '+15550100',
    direction: 'in',
    type: 'text',
    text: { body: 'call me at noon' },
    timestamp: '2026-11-23T10:00:00.000Z',
  },
}

export function deliveryOf(change: Partial<Delivery> = {}): Delivery {
  return {
    id: 'dlv_01',
    endpoint: 'ops',
    lane: '',
    status: 'pending',
    event: EVENT,
    createdAt: EVENT.at,
    dueAt: EVENT.at,
    begunAt: change.createdAt ?? EVENT.at,
    begunAfter: 0,
    attemptCount: 0,
    attempts: [],
    ...change,
  }
}
