import { nearestName } from '../../lib/nearest.ts'
import { parseRecipient } from '../../model/chat.ts'
import type { Consent } from '../../model/consent.ts'
import { says } from '../../policy/decide/consent.ts'
import type { ConsentTerms } from '../../policy/snapshot.ts'
import type { StandingChange } from '../../store/contacts.ts'
import { type Answer, invalid, json, type Parsed, parsed, problem } from '../answer.ts'
import { authorize } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import { type Call, param } from '../hop/call.ts'
import { bodyReader } from '../schemas/body.ts'
import { CONSENT_SCHEMA, type ConsentBody } from '../schemas/consent.ts'
import { CONSENT_WITHDRAWAL } from '../schemas/queries.ts'
import { queryReader } from '../schemas/query.ts'
import { standingJson } from '../wire/contact.ts'
import { type Route, V1_SITES } from './route.ts'

export type ConsentDeps = Pick<HttpDeps, 'store' | 'route' | 'limiter' | 'now'>

const PATH = '/v1/contacts/:phone/consent'
const ACTION = 'consent.write'
const READING = 'contacts.read'
const readBody = bodyReader<ConsentBody>(CONSENT_SCHEMA)
const readWithdrawal = queryReader(CONSENT_WITHDRAWAL)

/** The ledger of consents: to look, to write one down, and to take it back. Each answers what is known of the contact then. */
export function consentRoutes(deps: ConsentDeps): readonly Route[] {
  const sites = V1_SITES
  const itself = (action: string) => ({ kind: 'itself', action }) as const
  return [
    { method: 'get', path: PATH, sites, access: itself(READING), handle: call => show(call, deps) },
    { method: 'put', path: PATH, sites, access: itself(ACTION), handle: call => grant(call, deps) },
    { method: 'delete', path: PATH, sites, access: itself(ACTION), handle: call => withdraw(call, deps) },
  ]
}

async function show(call: Call, deps: ConsentDeps): Promise<Answer> {
  const contact = await admitted(call, READING, deps)
  return contact.kind === 'problem' ? contact : await standing(call, contact.value, deps)
}

async function grant(call: Call, deps: ConsentDeps): Promise<Answer> {
  const contact = await admitted(call, ACTION, deps)
  if (contact.kind === 'problem') return contact
  const body = readBody(call.request.body)
  if (body.kind === 'problem') return body
  const at = deps.now()
  const consent = readConsent(body.value, at, call.policy.snapshot.consent)
  if (consent.kind === 'problem') return consent
  const { optedOutAt } = await deps.store.contacts.standing(contact.value)
  const lift = liftOf(call, { contact: contact.value, consent: consent.value, optedOutAt }, deps)
  await deps.store.contacts.grant({
    contact: contact.value,
    consent: consent.value,
    at,
    effects: { audit: [auditOf(call, contact.value, at, { purpose: consent.value.purpose, granted: true })] },
    ...(lift === undefined ? {} : { lift }),
  })
  return await standing(call, contact.value, deps)
}

async function withdraw(call: Call, deps: ConsentDeps): Promise<Answer> {
  const contact = await admitted(call, ACTION, deps)
  if (contact.kind === 'problem') return contact
  const query = readWithdrawal(call.request)
  if (query.kind === 'problem') return query
  const at = deps.now()
  await deps.store.contacts.withdraw({
    contact: contact.value,
    at,
    effects: {
      audit: [auditOf(call, contact.value, at, { purpose: query.value.purpose ?? '*', granted: false })],
    },
    ...query.value,
  })
  return await standing(call, contact.value, deps)
}

async function standing(call: Call, contact: string, { store, now }: ConsentDeps): Promise<Answer> {
  const found = await store.contacts.standing(contact)
  return json(standingJson(contact, found, now(), call.policy.snapshot.consent))
}

/** The contact that the path names, once the policy has agreed. */
export async function admitted(call: Call, action: string, deps: ConsentDeps): Promise<Parsed<string>> {
  const recipient = parseRecipient(param(call, 'phone'), call.policy.snapshot.phoneRule)
  const contact = recipient?.kind === 'contact' ? await deps.store.contacts.nameOf(recipient.chat) : undefined
  const touched = contact === undefined ? {} : { to: contact, recipientKind: 'contact' as const }
  const refused = await authorize(call, action, touched, deps)
  if (refused !== undefined) return refused
  return contact === undefined ? NO_CONTACT : parsed(contact)
}

const NO_CONTACT = problem(
  'invalid-recipient',
  'The path must name a phone number in international form, with or without +.',
)

/** A consent that would not count is not taken: who writes it down should hear that at once. */
function readConsent(body: ConsentBody, at: Date, terms: ConsentTerms): Parsed<Consent> {
  const { purpose, granted_at: granted, evidence } = body
  const grantedAt = granted === undefined ? undefined : new Date(granted)
  if (Number.isNaN(grantedAt?.getTime())) return invalid('$.granted_at', 'must be an instant that exists')
  const consent: Consent = {
    purpose,
    ...(grantedAt === undefined ? {} : { grantedAt }),
    ...(evidence === undefined ? {} : { evidence }),
  }
  const missing = terms.requiredFields.find(field => !says(consent, field))
  if (missing !== undefined) return invalid(`$.${missing}`, 'is missing: the policy asks for it')
  if (terms.purposes !== undefined && !terms.purposes.includes(purpose)) {
    const meant = nearestName(purpose, terms.purposes)
    const hint = meant === undefined ? `: ${terms.purposes.join(', ')}` : `; did you mean "${meant}"?`
    return invalid('$.purpose', `is none of the purposes of the policy${hint}`)
  }
  if (grantedAt !== undefined && grantedAt > at) return invalid('$.granted_at', 'lies in the future')
  const { maxAgeMs } = terms
  if (maxAgeMs === undefined) return parsed(consent)
  if (grantedAt === undefined) return invalid('$.granted_at', 'is missing: the policy lets consents grow old')
  return at.getTime() - grantedAt.getTime() <= maxAgeMs
    ? parsed(consent)
    : invalid('$.granted_at', 'is so long ago that the policy does not count it any more')
}

/** Where the policy leaves it to operators, what a contact has said later than its opt-out lifts that. */
function liftOf(
  call: Call,
  said: { readonly contact: string; readonly consent: Consent; readonly optedOutAt: Date | undefined },
  { route, now }: ConsentDeps,
): StandingChange | undefined {
  const { contact, consent, optedOutAt } = said
  const mayLift = call.policy.snapshot.optOut?.liftBy === 'operator' && call.principal.kind === 'operator'
  if (!mayLift || optedOutAt === undefined || consent.grantedAt === undefined) return undefined
  if (consent.grantedAt <= optedOutAt) return undefined
  const at = now()
  const event = route({ type: 'contact.opted_in', chat: contact, data: { contact, by: 'operator' } })
  const audit = { ...call.actor, at, action: 'contact.opted_in', target: contact, decision: 'done' } as const
  return { contact, to: 'opted-in', at, effects: { events: [event], audit: [audit] } }
}

function auditOf(call: Call, contact: string, at: Date, detail: { purpose: string; granted: boolean }) {
  const { actor, id, policy } = call
  return {
    ...actor,
    at,
    action: ACTION,
    target: contact,
    decision: 'done',
    detail: { ...detail, request: id, policy: policy.revision },
  } as const
}
