import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DecisionRequest } from '../../app/model/decision.ts'
import { decide } from '../../app/policy/decide/decide.ts'
import { changesBetween } from '../../app/policy/plan/sections.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import { snapshotOf } from './world.ts'

type Words = { readonly [Word in keyof DecisionRequest]?: DecisionRequest[Word] | undefined }

/** What a member may be in a rule, and requests that tell any two of these apart. */
type Member = { readonly values: readonly (object | undefined)[]; readonly requests: readonly Words[] }

const HOUR_MS = 3_600_000
const each = <Word extends keyof DecisionRequest>(
  word: Word,
  values: readonly (DecisionRequest[Word] | undefined)[],
) => values.map(value => ({ [word]: value }) as Words)
const OF_TEMPLATE = (words: Words) => ({ ...words, type: 'template' })
const OF_FILE = (words: Words) => ({ ...words, type: 'image' })
const values = (name: string, ...all: readonly unknown[]) => [
  undefined,
  ...all.map(value => ({ [name]: value })),
]

/** Members of `when`. */
const CONDITIONS: Readonly<Record<string, Member>> = {
  messageTypes: {
    values: values('messageTypes', ['text'], ['image'], ['text', 'image'], ['text', 'image', 'poll']),
    requests: each('type', ['text', 'image', 'poll', 'video', undefined]),
  },
  recipientKind: {
    values: values('recipientKind', ['contact'], ['group'], ['contact', 'group']),
    requests: each('to', ['+33600000001', '1@g.us', '1@newsletter']),
  },
  templates: {
    values: values('templates', ['*'], ['invoice-*'], ['invoice-2026'], ['greeting', 'invoice-2026']),
    requests: [
      {},
      ...each('template', ['invoice-2026', 'invoice-7', 'greeting', 'other', undefined]).map(OF_TEMPLATE),
    ],
  },
  recipients: {
    values: values(
      'recipients',
      { prefixes: ['+33'] },
      { prefixes: ['+336'] },
      { prefixes: ['+336', '+337'] },
      { numbers: ['+33600000001'] },
      { numbers: ['+33600000001', '+4930000001'] },
      { prefixes: ['+49'], numbers: ['+33600000001'] },
      { list: 'eu' },
    ),
    requests: each('to', [
      '+33600000001',
      '+33600000002',
      '+33700000001',
      '+33100000001',
      '+4930000001',
      '+4930000002',
      '+15550000001',
    ]),
  },
  consent: {
    values: values('recipients', { consent: 'required' }),
    requests: each('consents', [[], ['billing']]).map(words => ({ ...words, purpose: 'billing' })),
  },
  networks: {
    values: values('networks', ['office'], ['loopback'], ['office', 'loopback']),
    requests: each('ip', ['10.20.4.1', '127.0.0.1', '192.0.2.1']),
  },
  purpose: {
    values: values('purpose', ['billing'], ['service'], ['billing', 'service']),
    requests: each('purpose', ['billing', 'service', undefined]),
  },
  firstContact: {
    values: values('firstContact', true, false),
    requests: each('firstContact', [true, false]),
  },
  conversation: {
    values: values('conversation', { openedByContactWithin: '1h' }, { openedByContactWithin: '1d' }),
    requests: each('lastInboundAt', [
      'never',
      new Date('2026-11-23T09:30:00Z'),
      new Date('2026-11-23T01:00:00Z'),
    ]),
  },
  size: {
    values: values('size', { max: '1KiB' }, { max: '2KiB' }, { min: '2KiB' }, { min: '1KiB', max: '4KiB' }),
    requests: each('size', [1, 1_024, 1_500, 2_048, 3_000, 9_000]).map(words => ({
      ...words,
      type: 'image',
    })),
  },
  mime: {
    values: values('mime', ['image/*'], ['image/png'], ['image/png', 'text/plain'], ['*/*']),
    requests: [
      {},
      ...each('mime', ['image/png', 'image/jpeg', 'text/plain', 'audio/ogg', undefined]).map(OF_FILE),
    ],
  },
  hours: {
    values: values(
      'hours',
      { tz: 'UTC', allow: 'Mon-Fri 08:00-18:00' },
      { tz: 'UTC', allow: 'Mon-Fri 09:00-18:00' },
      { tz: 'UTC', allow: 'Sat-Mon 22:00-06:00' },
      { tz: 'UTC', allow: 'Sun 22:00-06:00' },
      { tz: 'UTC', allow: 'Mon 00:00-06:00' },
      { tz: 'Europe/Paris', allow: 'Mon-Fri 08:00-18:00' },
    ),
    requests: Array.from({ length: 7 * 24 }, (_, n) => ({
      at: new Date(Date.UTC(2026, 10, 23) + n * HOUR_MS),
    })),
  },
}

/** Members beside `when`. */
const OTHERS: Readonly<Record<string, Member>> = {
  principals: {
    values: [
      { principals: ['billing'] },
      { principals: ['reports'] },
      { principals: ['billing', 'reports'] },
      { principals: ['*'] },
    ],
    requests: [...each('principal', ['billing', 'reports']), { principal: 'oncall', ip: '127.0.0.1' }],
  },
  actions: {
    values: [
      { actions: ['messages.send'] },
      { actions: ['messages.*'] },
      { actions: ['audit.read', 'messages.read'] },
      { actions: ['*'] },
    ],
    requests: each('action', ['messages.send', 'messages.read', 'audit.read', 'groups.read']),
  },
  accounts: {
    values: values('accounts', ['*'], ['main'], ['second'], ['main', 'second'], ['m*']),
    requests: each('account', ['main', 'second', 'unknown', undefined]),
  },
}

const BASE_REQUEST: DecisionRequest = {
  principal: 'anywhere',
  action: 'messages.send',
  account: 'main',
  to: '+33600000001',
  type: 'text',
  ip: '10.20.4.1',
  at: new Date('2026-11-23T10:00:00Z'),
}
const RULE = { principals: ['anywhere'], actions: ['messages.send'] }
const EVERYTHING = { id: 'z-everything', effect: 'allow', principals: ['*'], actions: ['*'] }
const WHO = {
  kind: 'Principals',
  spec: { services: { anywhere: { apiKey: { hashRef: 'secret:anywhere' } } } },
}
const LISTS = { kind: 'Recipients', spec: { lists: { eu: { prefixes: ['+33', '+49'] } } } }

for (const effect of ['allow', 'deny', 'hold']) {
  for (const [name, member] of Object.entries(CONDITIONS)) {
    test(`calls a change of when.${name} of a rule that says ${effect} exactly what it does to requests`, () => {
      judgeAll(member, effect, value => (value === undefined ? {} : { when: value }))
    })
  }
  for (const [name, member] of Object.entries(OTHERS)) {
    test(`calls a change of ${name} of a rule that says ${effect} exactly what it does to requests`, () => {
      judgeAll(member, effect, value => value ?? {})
    })
  }
}

test('calls a change of effect exactly what it does to requests', () => {
  const policies = ['allow', 'deny', 'hold'].map(effect => policyOf({ ...RULE, effect }))
  // Beside a rule that allows all, one that allows adds nothing: only the other two are compared there.
  judgePairs(policies.slice(1), [{}])
  judgePairs(
    ['allow', 'deny'].map(effect => policyOf({ ...RULE, effect }, [])),
    [{}],
  )
})

for (const effect of ['allow', 'deny', 'hold']) {
  const beside = effect === 'allow' ? [] : [EVERYTHING]
  const rule = (when: object) => ({ ...RULE, effect, when })

  test(`calls a change of a network that a rule which says ${effect} names exactly what it does to requests`, () => {
    const cidrs = [
      ['10.9.0.0/24'],
      ['10.9.0.0/25'],
      ['10.9.0.0/25', '10.9.0.128/25'],
      ['10.9.0.0/16'],
      ['10.8.0.0/24'],
    ]
    const policies = cidrs.map(list => {
      const place = { kind: 'Networks', spec: { place: { cidrs: list } } }
      return policyOf(rule({ networks: ['place'] }), beside, [place])
    })
    judgePairs(policies, each('ip', ['10.9.0.1', '10.9.0.200', '10.9.1.1', '10.8.0.1']))
  })

  test(`calls a change of a list that a rule which says ${effect} names exactly what it does to requests`, () => {
    const lists = [
      { prefixes: ['+33'] },
      { prefixes: ['+336'] },
      { numbers: ['+33600000001'] },
      { prefixes: ['+49'], numbers: ['+33600000001'] },
    ]
    const policies = lists.map(list => {
      const recipients = { kind: 'Recipients', spec: { lists: { some: list } } }
      return policyOf(rule({ recipients: { list: 'some' } }), beside, [recipients])
    })
    judgePairs(policies, each('to', ['+33600000001', '+33600000002', '+33100000001', '+4930000001']))
  })
}

function judgeAll(
  { values: all, requests }: Member,
  effect: string,
  place: (value: object | undefined) => object,
): void {
  const beside = effect === 'allow' ? [] : [EVERYTHING]
  judgePairs(
    all.map(value => policyOf({ ...RULE, effect, ...place(value) }, beside)),
    requests,
  )
}

function judgePairs(policies: readonly PolicySnapshot[], requests: readonly Words[]): void {
  for (const from of policies) {
    for (const to of policies) {
      const flips = requests.map(words => {
        const request = { ...BASE_REQUEST, ...words } as DecisionRequest
        return rank(to, request) - rank(from, request)
      })
      const told = changesBetween({ from, to })
      const classes = new Set(told.flatMap(change => change.classes))
      const [wider, tighter] = [flips.some(flip => flip > 0), flips.some(flip => flip < 0)]
      assert.deepEqual([classes.has('WIDER'), classes.has('TIGHTER')], [wider, tighter], JSON.stringify(told))
    }
  }
}

function policyOf(
  rule: object,
  beside: readonly object[] = [EVERYTHING],
  more: readonly object[] = [LISTS],
): PolicySnapshot {
  const access = { kind: 'Access', spec: { rules: [{ id: 'a-rule', ...rule }, ...beside] } }
  return snapshotOf([WHO, ...more, access].map(document => JSON.stringify(document)).join('\n---\n'))
}

function rank(policy: PolicySnapshot, request: DecisionRequest): number {
  return { deny: 0, hold: 1, allow: 2 }[decide(policy, request).effect]
}
