import type { PolicySnapshot } from '../snapshot.ts'
import type { Change } from './change.ts'
import type { Sides } from './field.ts'
import { roles, rules } from './kinds/access.ts'
import { accounts } from './kinds/accounts.ts'
import { basicAuthUsers, edgeLimits, sites, tls } from './kinds/edge.ts'
import { limits, pacing } from './kinds/limits.ts'
import { networks } from './kinds/networks.ts'
import { badPolicyAtBoot, guardrails, reload, signing, tests } from './kinds/policy-set.ts'
import { principals, revoked } from './kinds/principals.ts'
import { quietHours } from './kinds/quiet-hours.ts'
import { consent, lists, optOut, phoneRule } from './kinds/recipients.ts'
import { retention } from './kinds/retention.ts'
import { templates } from './kinds/templates.ts'
import { endpoints } from './kinds/webhooks.ts'
import type { Compare } from './section.ts'

/**
 * How every part of a policy is compared, in the order in which changes are told. Each row of `kinds/` says of one member
 * what it means when it changes, in the words of field.ts:
 *
 * | a member that is … | takes in more | takes in less | examples |
 * | --- | --- | --- | --- |
 * | `WIDENS` | WIDER | TIGHTER | networks of a principal, events of an endpoint, burst of a limit, an allow rule |
 * | `TIGHTENS` | TIGHTER | WIDER | a deny or hold rule, principals of a limit, coverage that tests must have |
 * | kept for a time | WIDER | DESTRUCTIVE | Retention |
 * | a `door` | another value is both | | credentials, addresses of sites, the URL of an endpoint |
 * | a `note` | NEUTRAL | NEUTRAL | display names, notes, owners, timeouts, order |
 *
 * An account or an endpoint that is deleted is DESTRUCTIVE. Networks and lists mean what those who name them make of them.
 */
const SECTIONS: { readonly [Part in keyof PolicySnapshot]-?: readonly Compare[] } = {
  digest: [],
  tests: [tests],
  guardrails: [guardrails],
  signing: [signing],
  reload: [reload],
  onBadPolicyAtBoot: [badPolicyAtBoot],
  edge: [sites, basicAuthUsers, edgeLimits, tls],
  networks: [networks],
  principals: [principals],
  revokedSerials: [revoked],
  accounts: [accounts],
  rules: [roles, rules],
  asksAcquaintance: [], // follows from the rules
  lists: [lists],
  phoneRule: [phoneRule],
  consent: [consent],
  optOut: [optOut],
  quietHours: [quietHours],
  templates: [templates],
  limits: [limits],
  pacing: [pacing],
  endpoints: [endpoints],
  retention: [retention],
}

/** Everything in which two policies differ in what they mean. Order, comments and defaults that are written out mean nothing. */
export function changesBetween(sides: Sides): readonly Change[] {
  return Object.values(SECTIONS).flatMap(parts => parts.flatMap(compare => compare(sides)))
}
