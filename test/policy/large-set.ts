import type { DecisionRequest } from '../../app/model/decision.ts'
import type { PolicyFile } from '../../app/model/policy-file.ts'

export type SetSize = { readonly rules: number; readonly principals: number; readonly lists: number }

const ACCOUNTS = 20
const NETWORKS = 20
const ACTIONS = [
  'messages.send',
  'messages.read',
  'media.write',
  'contacts.read',
  'groups.read',
  'chats.write',
]
const TYPES = ['text', 'image', 'document', 'template', 'poll']
const PURPOSES = ['billing', 'service', 'marketing']
const AT = Date.parse('2026-11-23T10:00:00Z')

/** Numbers that look random and are the same in every run. */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A policy set as a company with many teams would have it: most rules for one team or two, a few for everybody. */
export function policySet({ rules, principals, lists }: SetSize): readonly PolicyFile[] {
  const next = numbersFrom(rules)
  const documents = {
    'set.yaml': [
      { kind: 'PolicySet', metadata: { name: 'bench' }, spec: { default: 'deny' } },
      {
        kind: 'Edge',
        spec: { sites: { api: { address: 'https://localhost:9443', clientCertificates: 'required' } } },
      },
      { kind: 'Networks', spec: named('net', NETWORKS, n => ({ cidrs: [`10.${n}.0.0/16`] })) },
      { kind: 'Accounts', spec: named('account', ACCOUNTS, () => ({})) },
    ],
    'principals.yaml': [{ kind: 'Principals', spec: { services: named('team', principals, service) } }],
    'recipients.yaml': [{ kind: 'Recipients', spec: { lists: named('list', lists, list) } }],
    'access.yaml': [{ kind: 'Access', spec: { rules: Array.from({ length: rules }, (_, n) => rule(n)) } }],
  }
  return Object.entries(documents).map(([name, all]) => ({
    name,
    text: all.map(document => lines(document)).join('---\n'),
  }))

  function service(n: number): object {
    return { mtls: { sanUri: `spiffe://postern/client/team-${n}` }, networks: [`net-${n % NETWORKS}`] }
  }

  function list(n: number): object {
    const numbers = Array.from({ length: 20 }, (_, i) => `+336${10_000_000 + n * 20 + i}`)
    return { prefixes: [`+4930${n}`], numbers }
  }

  function rule(n: number): object {
    const effect = n % 10 === 0 ? 'deny' : n % 10 === 1 ? 'hold' : 'allow'
    return {
      id: `rule-${n}`,
      effect,
      principals:
        n % 100 === 0 ? ['*'] : [`team-${next(principals)}`, `team-${next(principals)}`].filter(isNew),
      actions: [ACTIONS[next(ACTIONS.length)], 'messages.send'].filter(isNew),
      ...(n % 3 > 0 && { accounts: [`account-${next(ACCOUNTS)}`] }),
      when: conditions(n),
    }
  }

  /** One to three conditions, every kind of them in turn. */
  function conditions(n: number): object {
    const all = [
      { recipients: { list: `list-${next(lists)}` } },
      { messageTypes: [TYPES[next(TYPES.length)], 'text'].filter(isNew) },
      { purpose: [PURPOSES[next(PURPOSES.length)]] },
      { hours: { tz: 'Europe/Paris', allow: 'Mon-Sat 08:00-20:00' } },
      { firstContact: n % 2 === 0 },
      { recipients: { prefixes: ['+33', '+49'], consent: 'required' }, purpose: ['billing'] },
      { networks: [`net-${next(NETWORKS)}`] },
      { recipientKind: ['contact', 'group'] },
    ]
    return Object.assign({}, all[n % all.length], ...(n % 4 === 0 ? [all[(n + 3) % all.length]] : []))
  }
}

/** Requests of any team on any account, a third of them to numbers that some list names. */
export function requestsFor({ principals, lists }: SetSize, count: number): readonly DecisionRequest[] {
  const next = numbersFrom(count)
  const oneOf = <T>(items: readonly T[]) => items[next(items.length)] as T
  return Array.from({ length: count }, (_, n) => {
    const team = next(principals)
    return {
      principal: `team-${team}`,
      action: n % 3 === 0 ? oneOf(ACTIONS) : 'messages.send',
      account: `account-${next(ACCOUNTS)}`,
      to: n % 3 === 0 ? `+336${10_000_000 + next(lists * 20)}` : `+336${20_000_000 + next(10_000_000)}`,
      recipientKind: 'contact',
      type: oneOf(TYPES),
      purpose: oneOf(PURPOSES),
      consents: ['billing'],
      firstContact: next(4) === 0,
      ip: `10.${team % NETWORKS}.${next(255)}.${next(255)}`,
      at: new Date(AT + n * 1_000),
    }
  })
}

function named(what: string, count: number, make: (n: number) => object): object {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`${what}-${n}`, make(n)]))
}

function isNew<T>(item: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(item) === index
}

/** Laid out as people write it: a line for each rule, principal and list. */
function lines({ spec, ...head }: { readonly kind: string; readonly spec: object }): string {
  const top = Object.entries(head).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
  return [...top, 'spec:\n', ...block(spec, 1)].join('')
}

function block(value: object, depth: number): readonly string[] {
  const indent = '  '.repeat(depth)
  if (Array.isArray(value)) return value.map(item => `${indent}- ${JSON.stringify(item)}\n`)
  return Object.entries(value).flatMap(([key, member]) => {
    const isBlock = depth < 2 && typeof member === 'object' && Object.keys(member).length > 1
    return isBlock
      ? [`${indent}${key}:\n`, ...block(member, depth + 1)]
      : [`${indent}${key}: ${JSON.stringify(member)}\n`]
  })
}
