import fc from 'fast-check'
import type { DecisionRequest } from '../../app/model/decision.ts'

/** The parts of a small policy that a property test varies, each in the words of the files. */
export type SmallPolicy = {
  readonly networks: Readonly<Record<string, readonly string[]>>
  readonly principals: Readonly<Record<string, readonly string[] | undefined>>
  readonly roles: readonly string[]
  readonly operator: readonly string[]
  readonly list: object
  readonly rules: Readonly<Record<string, object | undefined>>
}

export const ACTIONS = ['messages.send', 'messages.read', 'accounts.read']
export const NUMBERS = ['+33600000001', '+33700000001', '+4930000001']
const CIDRS = ['10.0.0.0/24', '10.0.0.0/25', '10.0.0.128/25', '10.1.0.0/24', '2001:db8::/32']
const IPS = ['10.0.0.1', '10.0.0.200', '10.1.0.1', '2001:db8::1', '192.0.2.1']
export const KINDS = ['contact', 'group', 'channel', 'status'] as const
/** Two networks, two principals, the roles, what one brings, the list, three rules. */
const PARTS = 10
const TYPES = ['text', 'image', 'template']
const HOURS = ['Mon-Fri 08:00-18:00', 'Mon 09:00-12:00, Sat-Mon 22:00-06:00', 'Mon-Sun 00:00-24:00']

export const someOf = <T>(...items: readonly T[]) => fc.subarray([...items], { minLength: 1 })
export const orAbsent = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })

/** Often of several lengths, of which none begins with another: then each of them must be looked for. */
const prefixes = fc.oneof(
  someOf('+33', '+336', '+49'),
  fc.constantFrom(['+336', '+49'], ['+49', '+3370'], ['+4930', '+33']),
)

export const listed: fc.Arbitrary<object> = fc
  .record({ prefixes: orAbsent(prefixes), numbers: orAbsent(someOf(...NUMBERS)) })
  .map(({ prefixes: begins, numbers = ['+33600000001'] }) => written({ prefixes: begins, numbers }))

/** What each member of `when` may say. */
const CONDITIONS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  messageTypes: someOf(...TYPES),
  templates: someOf('invoice-*', 'invoice-2026', '*'),
  recipientKind: someOf(...KINDS),
  recipients: fc.oneof(listed, fc.constant({ list: 'eu' }), fc.constant({ consent: 'required' })),
  networks: someOf('office', 'branch'),
  purpose: someOf('billing', 'service'),
  firstContact: fc.boolean(),
  conversation: fc.constantFrom({ openedByContactWithin: '1h' }, { openedByContactWithin: '1d' }),
  size: fc.constantFrom({ max: '1KiB' }, { min: '2KiB' }, { min: '512B', max: '4KiB' }),
  mime: someOf('image/*', 'image/png', 'text/plain'),
  hours: fc.record({
    tz: fc.constantFrom('UTC', 'Europe/Paris', 'recipient'),
    allow: fc.constantFrom(...HOURS),
  }),
}

/** Few conditions at once: with many, no request would meet them all. */
const rare = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const when = fc
  .record(Object.fromEntries(Object.entries(CONDITIONS).map(([member, values]) => [member, rare(values)])))
  .map(conditions => written(conditions))

export const rule = fc
  .record({
    effect: fc.constantFrom('allow', 'allow', 'deny', 'hold'),
    principals: fc.oneof(someOf('billing', 'reports', 'oncall'), fc.constant(['*'])),
    actions: fc.oneof(someOf(...ACTIONS), fc.constantFrom(['messages.*'], ['*'])),
    accounts: orAbsent(fc.oneof(someOf('main', 'second'), fc.constantFrom(['*'], ['m*']))),
    when,
  })
  .map(({ when: conditions, ...rest }) =>
    written({ ...rest, when: Object.keys(conditions).length === 0 ? undefined : conditions }),
  )

const often = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 6 })

type TwoValues = readonly [member: string, both: fc.Arbitrary<readonly unknown[]>]

const TWO_VALUES: readonly TwoValues[] = [
  ...Object.entries(CONDITIONS).map(
    ([member, values]): TwoValues => [member, fc.tuple(often(values), often(values))],
  ),
  // Of a value in parts, two that differ in one of them: when more differ, each hides that another is overlooked.
  ['recipients', fc.tuple(listed, someOf(...NUMBERS)).map(([one, numbers]) => [one, { ...one, numbers }])],
  ['recipients', fc.tuple(listed, prefixes).map(([one, begins]) => [one, { ...one, prefixes: begins }])],
  [
    'hours',
    fc.constantFrom('UTC', 'Europe/Paris').map(tz => [HOURS[0], HOURS[1]].map(allow => ({ tz, allow }))),
  ],
]

/** Rules that differ in one condition, which both have more often than not; now and then any two. */
export const twoRules: fc.Arbitrary<readonly object[]> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(rule, fc.constantFrom(...TWO_VALUES))
      .chain(([body, [member, both]]) =>
        both.map(two => two.map(value => written({ ...body, when: { ...whenOf(body), [member]: value } }))),
      ),
  },
  { weight: 1, arbitrary: fc.tuple(rule, rule) },
)

function whenOf(body: object): object {
  return 'when' in body ? (body.when as object) : {}
}

export const smallPolicy: fc.Arbitrary<SmallPolicy> = fc.record({
  networks: fc.record({ office: someOf(...CIDRS), branch: someOf(...CIDRS) }),
  principals: fc.record({
    billing: orAbsent(someOf('office', 'branch')),
    reports: orAbsent(someOf('office', 'branch')),
  }),
  roles: fc.subarray(['operator', 'auditor']),
  operator: someOf(...ACTIONS),
  list: listed,
  rules: fc.record({ a: orAbsent(rule), b: orAbsent(rule), c: orAbsent(rule) }),
})

/** Mostly one part alone: among many changes one that is judged wrong would not stand out. */
const swapped = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.nat({ max: PARTS - 1 }).map(part => Array.from({ length: PARTS }, (_, n) => n === part)),
  },
  { weight: 1, arbitrary: fc.array(fc.boolean(), { minLength: PARTS, maxLength: PARTS }) },
)

/** A policy, and one that differs from it in some of its parts. */
export const twoPolicies: fc.Arbitrary<readonly [SmallPolicy, SmallPolicy]> = fc
  .tuple(smallPolicy, smallPolicy, swapped)
  .map(([one, other, swaps]) => {
    let n = 0
    const mixed = (a: unknown, b: unknown): unknown => (swaps[n++] ? b : a)
    const mixedMap = (a: object, b: object) =>
      Object.fromEntries(
        Object.keys(a).map(key => [key, mixed(a[key as keyof object], b[key as keyof object])]),
      )
    const second = {
      networks: mixedMap(one.networks, other.networks),
      principals: mixedMap(one.principals, other.principals),
      roles: mixed(one.roles, other.roles),
      operator: mixed(one.operator, other.operator),
      list: mixed(one.list, other.list),
      rules: mixedMap(one.rules, other.rules),
    }
    return [one, second as SmallPolicy] as const
  })

export const request: fc.Arbitrary<DecisionRequest> = fc
  .record({
    principal: fc.constantFrom('billing', 'reports', 'oncall'),
    action: fc.constantFrom('messages.send', 'messages.send', ...ACTIONS),
    account: orAbsent(fc.constantFrom('main', 'second')),
    to: orAbsent(fc.constantFrom(...NUMBERS, '1@g.us', '1@newsletter', 'status@broadcast', '77@lid')),
    type: orAbsent(fc.constantFrom(...TYPES)),
    template: orAbsent(fc.constantFrom('invoice-2026', 'invoice-7', 'greeting')),
    purpose: orAbsent(fc.constantFrom('billing', 'service')),
    size: orAbsent(fc.constantFrom(100, 600, 3_000, 9_000)),
    mime: orAbsent(fc.constantFrom('image/png', 'image/jpeg', 'text/plain')),
    consents: orAbsent(fc.subarray(['billing', 'service'])),
    firstContact: orAbsent(fc.boolean()),
    lastInboundAt: orAbsent(
      fc.constantFrom('never' as const, new Date('2026-11-23T09:30:00Z'), new Date('2026-11-20T09:30:00Z')),
    ),
    ip: orAbsent(fc.constantFrom(...IPS)),
    at: fc.constantFrom(
      ...['2026-11-23T10:00:00Z', '2026-11-23T17:30:00Z', '2026-11-28T23:00:00Z'].map(at => new Date(at)),
    ),
  })
  .map(words => written(words) as DecisionRequest)

/** The documents of a policy, in the given order of rules. */
export function documentsOf(policy: SmallPolicy): readonly object[] {
  const service = (name: string) => ({
    mtls: { sanUri: `spiffe://postern/client/${name}` },
    ...written({ networks: policy.principals[name] }),
  })
  const rules = Object.entries(policy.rules).flatMap(([id, body]) =>
    body === undefined ? [] : [{ id, ...body }],
  )
  const cidrs = (name: string) => ({ cidrs: policy.networks[name] })
  return [
    { kind: 'PolicySet', metadata: { name: 'small' }, spec: { default: 'deny' } },
    { kind: 'Edge', spec: { sites: { hooks: { address: 'https://localhost:7443' } } } },
    { kind: 'Networks', spec: { office: cidrs('office'), branch: cidrs('branch') } },
    {
      kind: 'Principals',
      spec: {
        services: { billing: service('billing'), reports: service('reports') },
        people: { oncall: policy.roles.length === 0 ? {} : { roles: policy.roles } },
      },
    },
    { kind: 'Accounts', spec: { main: {}, second: {} } },
    { kind: 'Recipients', spec: { lists: { eu: written(policy.list) } } },
    { kind: 'Access', spec: { roles: { operator: policy.operator, auditor: ['audit.read'] } } },
    ...rules.map(one => ({ kind: 'Access', spec: { rules: [one] } })),
  ]
}

/** JSON is YAML. */
export function textOf(documents: readonly object[]): string {
  return documents.map(document => `${JSON.stringify(document)}\n`).join('---\n')
}

export function written(members: object): object {
  return Object.fromEntries(
    Object.entries(members)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, isPlain(value) ? written(value) : value]),
  )
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
