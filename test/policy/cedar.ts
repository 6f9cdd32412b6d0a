import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import type { Decision, DecisionRequest } from '../../app/model/decision.ts'
import { cidrsHold, conditionsIn, type Effect, listOf, type When } from './cedar-conditions.ts'

/** A policy in the words of the files, as far as Cedar can say it too. */
export type Sayable = {
  readonly networks: Readonly<Record<string, readonly string[]>>
  readonly principals: Readonly<Record<string, Who>>
  readonly revoked: readonly string[]
  readonly accounts: readonly string[]
  /** Actions by role. */
  readonly roles: Readonly<Record<string, readonly string[]>>
  readonly lists: Readonly<Record<string, { numbers?: readonly string[]; prefixes?: readonly string[] }>>
  readonly rules: Readonly<Record<string, SayableRule>>
}

export type Who = {
  readonly networks?: readonly string[]
  readonly expires?: string
  readonly roles?: readonly string[]
}

export type SayableRule = {
  readonly effect: Effect
  readonly principals: readonly string[]
  readonly actions?: readonly string[]
  readonly roles?: readonly string[]
  readonly accounts?: readonly string[]
  readonly when?: When
}

/** What Cedar says, and every policy that had a part in it: `by` of a decision must be one of them. */
export type CedarDecision = { readonly effect: Decision['effect']; readonly by: ReadonlySet<string> }

/** The policy for Cedar to decide by: what allows and denies as one set, what holds as another that is asked second. */
export function cedarOf(policy: Sayable): (request: DecisionRequest) => CedarDecision {
  const sets = { decisions: policiesOf(policy, ['allow', 'deny']), holds: policiesOf(policy, ['hold']) }
  Object.assign(sets.decisions, rolesOfPeople(policy), ...whatEverybodyMeets(policy))
  for (const [name, staticPolicies] of Object.entries(sets)) {
    const parsed = preparsePolicySet(name, { staticPolicies })
    if (parsed.type === 'failure') throw new Error(JSON.stringify(parsed.errors))
  }
  return request => {
    const decided = ask('decisions', request, policy)
    if (decided.effect === 'deny') return decided
    const held = ask('holds', request, policy)
    return held.effect === 'allow' ? { effect: 'hold', by: held.by } : decided
  }
}

function policiesOf({ rules, ...policy }: Sayable, effects: readonly Effect[]): Record<string, string> {
  const chosen = Object.entries(rules).filter(([, { effect }]) => effects.includes(effect))
  return Object.fromEntries(
    chosen.map(([id, { effect, principals, actions = [], roles = [], accounts, when = {} }]) => {
      const verb = effect === 'deny' ? 'forbid' : 'permit'
      const groups = [...actions, ...roles.map(role => `role ${role}`)]
      const clauses = [
        `action in ${entities('Action', groups)}`,
        principals.includes('*') ? 'true' : `principal in ${entities('Principal', principals)}`,
        accounts === undefined ? 'true' : touches(accounts),
        ...conditionsIn(when, { ...policy, effect }),
      ]
      return [id, `${verb}(principal, action, resource) when { ${clauses.join(' && ')} };`]
    }),
  )
}

function touches(accounts: readonly string[]): string {
  if (accounts.includes('*')) return 'resource is Account'
  const named = accounts.map(glob => `resource.name like ${JSON.stringify(glob)}`)
  return `resource has name && (${named.join(' || ')})`
}

function rolesOfPeople({ roles, principals }: Sayable): Record<string, string> {
  const given = new Set(Object.values(principals).flatMap(who => who.roles ?? []))
  return Object.fromEntries(
    Object.keys(roles)
      .filter(role => given.has(role))
      .map(role => [
        `role:${role}`,
        `permit(principal in Role::"${role}", action in Action::"role ${role}", resource);`,
      ]),
  )
}

/** Before any rule: who is declared, revoked, expired, from which network, to whom no more is sent. */
function whatEverybodyMeets({ principals, networks, revoked }: Sayable): readonly Record<string, string>[] {
  const forbidden = (scope: string, clause: string) => `forbid(${scope}, action, resource) ${clause};`
  const known = {
    default: forbidden('principal', 'unless { principal has declared }'),
    revoked: forbidden(
      'principal',
      `when { principal has declared && context has serial && ${listOf(revoked)}.contains(context.serial) }`,
    ),
    'opted-out': forbidden(
      'principal',
      'when { action == Action::"messages.send" && context has optedOut && context.optedOut }',
    ),
  }
  const own = Object.entries(principals).map(([name, { networks: from, expires }]) => {
    const scope = `principal == Principal::"${name}"`
    return {
      ...(from && { [`network/${name}`]: forbidden(scope, `unless { ${cidrsHold(from, networks)} }`) }),
      ...(expires && {
        [`expired/${name}`]: forbidden(scope, `when { context.at >= ${Date.parse(expires)} }`),
      }),
    }
  })
  return [known, ...own]
}

function ask(
  preparsedPolicySetId: string,
  request: DecisionRequest,
  policy: Sayable,
): { readonly effect: 'allow' | 'deny'; readonly by: ReadonlySet<string> } {
  const [principal, action, resource] = entitiesOf(request, policy)
  const answer = statefulIsAuthorized({
    principal: principal.uid,
    action: action.uid,
    resource: resource.uid,
    context: contextOf(request),
    preparsedPolicySetId,
    entities: [principal, action, resource],
  })
  if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
  const { decision, diagnostics } = answer.response
  if (diagnostics.errors.length > 0) throw new Error(JSON.stringify(diagnostics.errors))
  return { effect: decision, by: new Set(diagnostics.reason.map(id => id.replace(/\/.*/, ''))) }
}

/** Principals are in their roles, actions in the groups that `messages.*` and the roles name. */
function entitiesOf({ principal, action, account }: DecisionRequest, policy: Sayable) {
  const who = policy.principals[principal]
  const groups = ['*', action.replace(/\..*/, '.*')]
  const roles = Object.entries(policy.roles).filter(([, actions]) =>
    actions.some(one => one === action || groups.includes(one)),
  )
  return [
    {
      uid: { type: 'Principal', id: principal },
      attrs: who === undefined ? {} : { declared: true },
      parents: (who?.roles ?? []).map(id => ({ type: 'Role', id })),
    },
    {
      uid: { type: 'Action', id: action },
      attrs: {},
      parents: [...groups, ...roles.map(([role]) => `role ${role}`)].map(id => ({ type: 'Action', id })),
    },
    account === undefined
      ? { uid: { type: 'Appliance', id: 'postern' }, attrs: {}, parents: [] }
      : {
          uid: { type: 'Account', id: account },
          attrs: policy.accounts.includes(account) ? { name: account } : {},
          parents: [],
        },
  ] as const
}

/** Words as they are; instants as milliseconds, the address as Cedar's own type for addresses. */
function contextOf(request: DecisionRequest) {
  const { principal, action, account, credentialSerial, ip, at, lastInboundAt, consents, ...words } = request
  return {
    ...words,
    at: at.getTime(),
    ...(ip !== undefined && { ip: { __extn: { fn: 'ip', arg: ip } } }),
    ...(credentialSerial !== undefined && { serial: credentialSerial }),
    ...(consents !== undefined && { consents: [...consents] }),
    ...(lastInboundAt === 'never' && { neverWrote: true }),
    ...(lastInboundAt instanceof Date && { lastInboundAt: lastInboundAt.getTime() }),
  }
}

function entities(type: string, names: readonly string[]): string {
  return `[${names.map(name => `${type}::${JSON.stringify(name)}`).join(', ')}]`
}
