import { globMatches } from '../../lib/glob.ts'
import { kindOfChat } from '../../model/chat.ts'
import type { DecisionRequest } from '../../model/decision.ts'
import { MEDIA_TYPES } from '../../model/message.ts'
import { ipInNetworks } from '../networks.ts'
import type { Conditions, PolicySnapshot, Rule } from '../snapshot.ts'
import { isWithin, wallClock } from './hours.ts'
import { isListed, kindOf } from './recipients.ts'
import { zonesOfNumber } from './time-zones.ts'

/** `unknown`: the request does not say enough. It never helps whoever asks: an allow needs a yes, a deny or hold only no no. */
export type Verdict = 'yes' | 'no' | 'unknown'

/** One condition of a rule against one request. */
type Judge = (asked: Asked) => Verdict
type Asked = {
  readonly snapshot: PolicySnapshot
  readonly rule: Rule
  readonly when: Conditions
  readonly request: DecisionRequest
}

/** Actions that always touch a recipient and carry a message: there an absent word is one that was left out. */
const SENDING = 'messages.send'
const WITH_FILE: ReadonlySet<string> = new Set(MEDIA_TYPES)

/** Every condition by the path under which the files have it. Cheap ones first. */
const CONDITIONS: readonly (readonly [path: string, present: (when: Conditions) => boolean, judge: Judge])[] =
  [
    [
      'when.messageTypes',
      when => when.messageTypes !== undefined,
      ({ when, request }) => isOneOf(when.messageTypes ?? [], request.type, request),
    ],
    [
      'when.recipientKind',
      when => when.recipientKind !== undefined,
      ({ when, request }) => isOneOf(when.recipientKind ?? [], kindOf(request), request),
    ],
    ['when.templates', when => when.templates !== undefined, templates],
    [
      'when.purpose',
      when => when.purpose !== undefined,
      ({ when, request }) =>
        yesOrNo(request.purpose !== undefined && (when.purpose ?? []).includes(request.purpose)),
    ],
    [
      'when.firstContact',
      when => when.firstContact !== undefined,
      ({ when, request }) => fact(request.firstContact, request, first => first === when.firstContact),
    ],
    ['when.conversation.openedByContactWithin', when => when.openedByContactWithinMs !== undefined, opened],
    ['when.recipients', when => when.recipients !== undefined, recipients],
    ['when.recipients.consent', when => when.consent !== undefined, ({ request }) => consent(request)],
    ['when.networks', when => when.networks !== undefined, networks],
    ['when.size', when => when.size !== undefined, size],
    ['when.mime', when => when.mime !== undefined, mime],
    ['when.hours', when => when.hours !== undefined, hours],
  ]

type Condition = (typeof CONDITIONS)[number]

const presentIn = new WeakMap<Conditions, readonly Condition[]>()

/** Most rules have few of them, and each rule is asked again and again. */
function conditionsOf(when: Conditions): readonly Condition[] {
  const kept = presentIn.get(when)
  if (kept !== undefined) return kept
  const found = CONDITIONS.filter(([, present]) => present(when))
  presentIn.set(when, found)
  return found
}

type Judged = { readonly path: string; readonly verdict: Verdict }

/** What each condition of a rule says, in a fixed order; for whoever wants to know why. */
export function judgeEach(snapshot: PolicySnapshot, rule: Rule, request: DecisionRequest): readonly Judged[] {
  const asked = { snapshot, rule, when: rule.when, request }
  return conditionsOf(rule.when).map(([path, , judge]) => ({
    path: path === 'when.recipients' ? `${path}.${partOf(rule.when)}` : path,
    verdict: judge(asked),
  }))
}

/** Whether the conditions of a rule hold, all together. */
export function conditionsHold(snapshot: PolicySnapshot, rule: Rule, request: DecisionRequest): Verdict {
  const asked = { snapshot, rule, when: rule.when, request }
  let found: Verdict = 'yes'
  for (const [, , judge] of conditionsOf(rule.when)) {
    const verdict = judge(asked)
    if (verdict === 'no') return 'no'
    if (verdict === 'unknown') found = 'unknown'
  }
  return found
}

function partOf({ recipients: wanted }: Conditions): 'list' | 'prefixes' | 'numbers' {
  if (wanted?.list !== undefined) return 'list'
  return wanted?.prefixes === undefined ? 'numbers' : 'prefixes'
}

function yesOrNo(holds: boolean): Verdict {
  return holds ? 'yes' : 'no'
}

/** A fact that the appliance looks up: absent in a send it is unknown, elsewhere there is none. */
function fact<T>(value: T | undefined, { action }: DecisionRequest, holds: (value: T) => boolean): Verdict {
  if (value === undefined) return action === SENDING ? 'unknown' : 'no'
  return yesOrNo(holds(value))
}

function isOneOf(list: readonly string[], word: string | undefined, request: DecisionRequest): Verdict {
  return fact(word, request, known => list.includes(known))
}

/**
 * For conditions that speak of some messages only: templates of templates, size and mime of files. Other messages are judged
 * by `messageTypes` alone: an allow is not narrowed for them, and a deny or hold catches them only when its types name them.
 */
function notConcerned({ rule, when }: Asked): Verdict {
  return yesOrNo(rule.effect === 'allow' || when.messageTypes !== undefined)
}

function templates(asked: Asked): Verdict {
  const { when, request } = asked
  if (request.type !== undefined && request.type !== 'template') return notConcerned(asked)
  return fact(request.template, request, name => (when.templates ?? []).some(glob => globMatches(glob, name)))
}

function size(asked: Asked): Verdict {
  const { when, request } = asked
  if (request.type !== undefined && !WITH_FILE.has(request.type)) return notConcerned(asked)
  const { minBytes = 0, maxBytes = Number.POSITIVE_INFINITY } = when.size ?? {}
  return fact(request.size, request, bytes => minBytes <= bytes && bytes <= maxBytes)
}

function mime(asked: Asked): Verdict {
  const { when, request } = asked
  if (request.type !== undefined && !WITH_FILE.has(request.type)) return notConcerned(asked)
  return fact(request.mime, request, type => (when.mime ?? []).some(glob => globMatches(glob, type)))
}

/** A contact whose number WhatsApp has not told us (`…@lid`) may be anybody: unknown. A group has no number. */
function recipients({ when, request }: Asked): Verdict {
  const { to } = request
  if (when.recipients === undefined || to === undefined) return request.action === SENDING ? 'unknown' : 'no'
  if (!to.startsWith('+')) return kindOfChat(to) === 'contact' ? 'unknown' : 'no'
  return yesOrNo(isListed(when.recipients, to))
}

/** Asks for a valid consent to the request's purpose; a request without a purpose has none. */
function consent({ purpose, consents, action }: DecisionRequest): Verdict {
  if (consents === undefined && action === SENDING) return 'unknown'
  return yesOrNo(purpose !== undefined && consents?.includes(purpose) === true)
}

function opened({ when, request }: Asked): Verdict {
  const { lastInboundAt, at } = request
  if (lastInboundAt === undefined) return fact(undefined, request, () => false)
  if (lastInboundAt === 'never') return 'no'
  return yesOrNo(at.getTime() - lastInboundAt.getTime() <= (when.openedByContactWithinMs ?? 0))
}

function networks({ snapshot, when, request }: Asked): Verdict {
  const names = when.networks ?? []
  if (request.ip !== undefined) return yesOrNo(ipInNetworks(snapshot, request.ip, names))
  return request.network === undefined ? 'unknown' : yesOrNo(names.includes(request.network))
}

/** A number that may be in several time zones is inside only where all of them are, and outside only where none is. */
function hours({ when, request }: Asked): Verdict {
  if (when.hours === undefined) return 'yes'
  const { tz, spans } = when.hours
  const zones = tz === 'recipient' ? zonesOfNumber(request.to ?? '') : [tz]
  const inside = zones.filter(zone => isWithin(spans, wallClock(zone, request.at)))
  if (zones.length === 0 || (inside.length > 0 && inside.length < zones.length)) return 'unknown'
  return yesOrNo(inside.length > 0)
}
