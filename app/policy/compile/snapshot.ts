import { present } from '../../lib/present.ts'
import type { PolicyDocument } from '../read/document.ts'
import { duration } from '../shape/notation.ts'
import type { PolicySnapshot, ReloadRules } from '../snapshot.ts'
import { compileRules } from './access.ts'
import { compileAccount } from './accounts.ts'
import type { Declared } from './declared.ts'
import { compileEdge } from './edge.ts'
import { gather } from './gather.ts'
import { compileGuardrails } from './guardrails.ts'
import { compileLimits, compilePacing } from './limits.ts'
import { compilePrincipals, compileRevoked } from './principals.ts'
import {
  compileConsent,
  compileLists,
  compileOptOut,
  compilePhoneRule,
  compileQuietHours,
} from './recipients.ts'
import { compileRetention } from './retention.ts'
import { compileTemplates } from './templates.ts'
import { mapOf, parsed } from './values.ts'
import { compileEndpoints } from './webhooks.ts'

/** Compiles the documents of a whole set. Call it only when all of them passed every check. */
export function compileSnapshot(documents: readonly PolicyDocument[], digest: string): PolicySnapshot {
  const declared = gather(documents)
  const rules = compileRules(declared)
  const limits = compileLimits(declared)
  return Object.freeze({
    digest,
    tests: compileTestDemands(declared),
    guardrails: compileGuardrails(declared),
    signing: { isRequired: declared.signing.require ?? false, keyRefs: declared.signing.keys ?? [] },
    reload: compileReload(declared),
    onBadPolicyAtBoot: declared.onBadPolicyAtBoot ?? 'refuse',
    edge: compileEdge(declared.edge),
    networks: mapOf(declared.networks, ({ cidrs, note }, name) => ({ name, cidrs, ...present({ note }) })),
    principals: compilePrincipals(declared),
    revokedSerials: compileRevoked(declared),
    accounts: mapOf(declared.accounts, (account, name) => compileAccount(account, name, declared)),
    rules,
    asksAcquaintance:
      rules.some(
        ({ when }) => when.firstContact !== undefined || when.openedByContactWithinMs !== undefined,
      ) || [...limits.values()].some(({ firstContact }) => firstContact !== undefined),
    lists: compileLists(declared),
    limits,
    pacing: compilePacing(declared),
    endpoints: compileEndpoints(declared),
    retention: compileRetention(declared),
    phoneRule: compilePhoneRule(declared),
    consent: compileConsent(declared),
    ...present({ optOut: compileOptOut(declared), quietHours: compileQuietHours(declared) }),
    templates: compileTemplates(declared),
  })
}

function compileTestDemands({ testDemands: { require = 'pass', minRuleCoverage = 0 } }: Declared) {
  return { requireAll: require === 'pass', minRuleCoverage }
}

function compileReload({ reload: { mode = 'apply', probation } }: Declared): ReloadRules {
  return { mode, ...(probation === undefined ? {} : { probationMs: parsed(duration, probation) }) }
}
