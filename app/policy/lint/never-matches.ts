import { namesMatching } from '../../lib/glob.ts'
import { ACTIONS } from '../check/vocabulary.ts'
import { meetCidrs } from '../plan/relation.ts'
import { cidrsOf } from '../plan/uses.ts'
import type { Conditions, PolicySnapshot, Rule } from '../snapshot.ts'

/** Why no request can meet a rule, and the member of `when` that stands in the way. */
export type Never = { readonly member: string; readonly why: string; readonly hint: string }

type Asked = {
  readonly rule: Rule
  readonly when: Conditions
  readonly snapshot: PolicySnapshot
  /** Unfolded. */
  readonly actions: readonly string[]
}

const SENDING = 'messages.send'
const NO_CHAT = /^(accounts|webhooks|audit|policy|operators)\./
/** Who may read some events is let in before any is looked at, so that what a rule says of their chats only takes away. */
const EVENTS = 'events.read'

/** Conditions about what only some actions are asked with, by the member of the files. */
const OF_SOME_ACTIONS: readonly {
  readonly member: string
  isIn(when: Conditions): boolean
  readonly needs: 'is a send' | 'touches a message' | 'touches a chat'
}[] = [
  { member: 'firstContact', isIn: when => when.firstContact !== undefined, needs: 'is a send' },
  { member: 'conversation', isIn: when => when.openedByContactWithinMs !== undefined, needs: 'is a send' },
  { member: 'recipients', isIn: when => when.consent !== undefined, needs: 'is a send' },
  { member: 'messageTypes', isIn: when => when.messageTypes !== undefined, needs: 'touches a message' },
  { member: 'templates', isIn: when => when.templates !== undefined, needs: 'touches a message' },
  { member: 'purpose', isIn: when => when.purpose !== undefined, needs: 'touches a message' },
  { member: 'size', isIn: when => when.size !== undefined, needs: 'touches a message' },
  { member: 'mime', isIn: when => when.mime !== undefined, needs: 'touches a message' },
  { member: 'recipientKind', isIn: when => when.recipientKind !== undefined, needs: 'touches a chat' },
  { member: 'recipients', isIn: when => when.recipients !== undefined, needs: 'touches a chat' },
]

const HAS = {
  'is a send': (action: string) => action === SENDING,
  'touches a message': (action: string) => /^(messages|media)\./.test(action),
  'touches a chat': (action: string, { effect }: Rule) =>
    !NO_CHAT.test(action) && (effect !== 'allow' || action !== EVENTS),
}

const CHECKS: readonly ((asked: Asked) => Never | undefined)[] = [
  ofOtherActions,
  numbersOfGroups,
  templatesWithFiles,
  strangersWhoWrote,
  uncountedConsent,
  emptySize,
  closedNetworks,
]

/** Undefined for a rule that some request can meet, as far as can be told. */
export function neverMatches(rule: Rule, snapshot: PolicySnapshot): Never | undefined {
  const asked = { rule, when: rule.when, snapshot, actions: namesMatching(rule.actions, ACTIONS) }
  for (const check of CHECKS) {
    const found = check(asked)
    if (found !== undefined) return found
  }
  return undefined
}

function ofOtherActions({ rule, when, actions }: Asked): Never | undefined {
  const odd = OF_SOME_ACTIONS.find(
    ({ isIn, needs }) => isIn(when) && !actions.some(action => HAS[needs](action, rule)),
  )
  if (odd === undefined) return undefined
  const why = `none of its actions ${odd.needs}`
  return {
    member: odd.member,
    why,
    hint: `leave out when.${odd.member}, or name an action that ${odd.needs}`,
  }
}

function numbersOfGroups({ rule, when: { recipientKind, recipients } }: Asked): Never | undefined {
  if (recipientKind === undefined || recipients === undefined || recipientKind.includes('contact'))
    return undefined
  if (rule.effect !== 'allow' && recipientKind.includes('status')) return undefined // whom it is shown
  const hint = 'add contact to when.recipientKind, or leave out when.recipients'
  return { member: 'recipients', why: 'only a contact has a number', hint }
}

/** A deny or hold rule on some messages catches others only where it names their types. */
function templatesWithFiles({ rule, when }: Asked): Never | undefined {
  const isBoth = when.templates !== undefined && (when.size !== undefined || when.mime !== undefined)
  if (rule.effect === 'allow' || !isBoth || when.messageTypes !== undefined) return undefined
  return {
    member: 'templates',
    why: 'no message is a template and a file',
    hint: 'make two rules of it',
  }
}

function strangersWhoWrote({ when: { firstContact, openedByContactWithinMs } }: Asked): Never | undefined {
  if (firstContact !== true || openedByContactWithinMs === undefined) return undefined
  const why = 'who has written is no first contact'
  return { member: 'conversation', why, hint: 'leave out one of when.firstContact and when.conversation' }
}

function uncountedConsent({ when: { consent, purpose }, snapshot }: Asked): Never | undefined {
  const { purposes } = snapshot.consent
  if (consent === undefined || purpose === undefined || purposes === undefined) return undefined
  if (purpose.some(one => purposes.includes(one))) return undefined
  const hint = `add it to spec.consent.purposes of Recipients, or name one of ${purposes.join(', ')}`
  return { member: 'purpose', why: `no consent to ${purpose.join(' or ')} counts`, hint }
}

function emptySize({ when: { size } }: Asked): Never | undefined {
  const { minBytes = 0, maxBytes = Number.POSITIVE_INFINITY } = size ?? {}
  if (minBytes <= maxBytes) return undefined
  return { member: 'size', why: 'its least size is more than its most', hint: 'exchange min and max' }
}

/** By the addresses that the names stand for. */
function closedNetworks({ rule, when, snapshot }: Asked): Never | undefined {
  const own = when.networks && cidrsOf(snapshot, when.networks)
  if (own === undefined) return undefined
  const everybody = rule.principals.includes('*') ? [...snapshot.principals.keys()] : rule.principals
  const mayCome = everybody.some(name => {
    const from = cidrsOf(snapshot, snapshot.principals.get(name)?.networks ?? [])
    return from === undefined || meetCidrs(from, own)
  })
  if (mayCome) return undefined
  const hint = 'name a network that its principals may come from, or let them come from this one'
  return { member: 'networks', why: 'none of its principals may come from when.networks', hint }
}
