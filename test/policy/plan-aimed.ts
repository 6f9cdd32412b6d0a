import type { DecisionRequest } from '../../app/model/decision.ts'
import type { DeclaredList, DeclaredRule } from '../../app/policy/compile/declared.ts'
import { ACTIONS, KINDS, NUMBERS, type SmallPolicy } from './plan-arbitrary.ts'

/** A rule in the words of the files, with the actions that roles would bring. */
export type RuleBody = Omit<DeclaredRule, 'id' | 'place' | 'roles' | 'actions'> & {
  readonly actions: readonly string[]
}

type Words = { -readonly [Word in keyof DecisionRequest]?: DecisionRequest[Word] }

const CHATS = {
  contact: '+33600000001',
  group: '1@g.us',
  channel: '1@newsletter',
  status: 'status@broadcast',
} as const

/** An address in each range, which lies in as few others as there are. */
const INSIDE: Readonly<Record<string, string>> = {
  '10.0.0.0/24': '10.0.0.1',
  '10.0.0.0/25': '10.0.0.1',
  '10.0.0.128/25': '10.0.0.200',
  '10.1.0.0/24': '10.1.0.1',
  '2001:db8::/32': '2001:db8::1',
}

/** What a request says of each word, so that every two values of a condition are told apart by one of these. */
const VALUES: { readonly [Word in keyof DecisionRequest]?: readonly (DecisionRequest[Word] | undefined)[] } =
  {
    principal: ['billing', 'reports', 'oncall'],
    action: [...ACTIONS, 'messages.approve', 'audit.read'],
    account: ['main', 'second', 'unknown', undefined],
    to: [
      ...NUMBERS,
      '+33600000002',
      '+33700000002',
      '+33750000001',
      '+33100000001',
      '+4930000002',
      '+4915000001',
      ...Object.values(CHATS),
      undefined,
    ],
    purpose: ['billing', 'service', undefined],
    consents: [[], ['billing', 'service']],
    firstContact: [true, false],
    lastInboundAt: ['never', new Date('2026-11-23T09:30:00Z'), new Date('2026-11-22T20:30:00Z')],
    ip: [...Object.values(INSIDE), '192.0.2.1'],
  }
const TYPES = ['text', 'image', 'template', 'poll']
const TEMPLATES = ['invoice-2026', 'invoice-7', 'greeting', undefined]
const FILES = ['image/png', 'image/jpeg', 'text/plain', 'audio/ogg'].flatMap(mime =>
  [100, 600, 3_000, 9_000].map(size => ({ mime, size })),
)
const HOURS_OF_A_WEEK = 7 * 24

/** Of these, one may leave nothing for the other to decide: a rule on images alone says nothing by its templates. */
const INTERPLAY: readonly (readonly (keyof NonNullable<RuleBody['when']>)[])[] = [
  ['messageTypes', 'templates', 'size', 'mime'],
  ['recipientKind', 'recipients'],
  ['recipients', 'purpose'],
  ['firstContact', 'conversation'],
]

/** All there are: whoever names them takes in those of today, and `*` those to come. */
const PRINCIPALS = 3
const ALWAYS = 'Mon-Sun 00:00-24:00'

/** Rules in which each condition counts: a plan compares them one by one, and in doubt says both. */
export function withoutInterplay(rules: readonly RuleBody[]): readonly RuleBody[] {
  const barred = INTERPLAY.flatMap(group => {
    const [, ...others] = group.filter(member => rules.some(({ when }) => when?.[member] !== undefined))
    return others
  })
  return rules.map(rule => {
    const { when: asked = {}, ...own } = rule
    const when = { ...asked }
    for (const member of barred) delete when[member]
    if (when.hours?.allow === ALWAYS || when.hours?.tz === 'recipient') delete when.hours
    if (when.recipientKind?.length === KINDS.length) delete when.recipientKind
    const actions = [...new Set(['messages.send', ...rule.actions])]
    const principals = rule.principals.length === PRINCIPALS ? ['*'] : rule.principals
    return { ...own, actions, principals, ...(Object.keys(when).length > 0 && { when }) }
  })
}

/** The words that a request must say to meet a rule; those that the rule does not ask for are as in `other`. */
export function meeting(rule: RuleBody, policy: SmallPolicy, other: DecisionRequest): DecisionRequest {
  const { principals, actions, accounts, when = {} } = rule
  const action = ACTIONS.find(name => actions.includes(name)) ?? 'messages.send'
  const principal = principals.find(name => name !== '*') ?? other.principal
  const words: Words = { ...other, principal, action, account: accounts?.find(isName) ?? 'main' }
  const isFile = when.size !== undefined || when.mime !== undefined
  const ownType = when.templates !== undefined ? 'template' : isFile ? 'image' : (other.type ?? 'text')
  words.type = when.messageTypes?.includes(ownType) === false ? String(when.messageTypes[0]) : ownType
  if (when.templates !== undefined) words.template = 'invoice-2026'
  if (when.mime !== undefined) words.mime = when.mime.includes('text/plain') ? 'text/plain' : 'image/png'
  if (when.size !== undefined)
    words.size = when.size.max === undefined || when.size.min === '2KiB' ? 3_000 : 600
  words.to = chatFor(when, policy) ?? other.to ?? CHATS.contact
  words.purpose = when.purpose?.[0] ?? other.purpose ?? 'billing'
  words.consents = ['billing', 'service']
  words.firstContact = when.firstContact ?? other.firstContact ?? false
  words.lastInboundAt = new Date('2026-11-23T09:30:00Z')
  const network = when.networks?.[0] ?? policy.principals[principal]?.[0] ?? 'office'
  words.ip = INSIDE[policy.networks[network]?.[0] ?? ''] ?? '10.0.0.1'
  words.at = new Date('2026-11-23T10:00:00Z')
  return words as DecisionRequest
}

function chatFor({ recipients, recipientKind }: NonNullable<RuleBody['when']>, policy: SmallPolicy) {
  const listed: DeclaredList = recipients?.list === undefined ? (recipients ?? {}) : policy.list
  const { numbers = [], prefixes = [] } = listed
  const number = numbers[0] ?? NUMBERS.find(one => prefixes.some(prefix => one.startsWith(prefix)))
  return number ?? (recipientKind && CHATS[recipientKind[0] ?? 'contact'])
}

function isName(account: string): boolean {
  return !account.includes('*')
}

/** Requests around one: each word by itself in all its values, and all of a message's kinds and hours. */
export function around(base: DecisionRequest): readonly DecisionRequest[] {
  const single = Object.entries(VALUES).flatMap(([word, values]) =>
    values.map(value => ({ ...base, [word]: value })),
  )
  const messages = TYPES.flatMap(type => [
    ...TEMPLATES.map(template => ({ ...base, type, template })),
    ...FILES.map(file => ({ ...base, type, ...file })),
  ])
  const hours = Array.from({ length: HOURS_OF_A_WEEK }, (_, n) => ({
    ...base,
    at: new Date(Date.UTC(2026, 10, 23, n)),
    lastInboundAt: new Date(Date.UTC(2026, 10, 23, n, -30)),
  }))
  return [base, ...single, ...messages, ...hours].map(withoutAbsent)
}

function withoutAbsent(words: object): DecisionRequest {
  return Object.fromEntries(
    Object.entries(words).filter(([, value]) => value !== undefined),
  ) as DecisionRequest
}
