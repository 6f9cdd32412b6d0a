import { createHash } from 'node:crypto'
import { present } from '../lib/present.ts'
import type { PolicyFile } from '../model/policy-file.ts'
import { checkGuardrails } from './check/guardrails.ts'
import { checkHooks } from './check/hooks.ts'
import { checkLimits, checkPacing } from './check/limits.ts'
import { checkKinds, gatherNames } from './check/names.ts'
import { checkNumbers } from './check/numbers.ts'
import { checkPrincipals } from './check/principals.ts'
import { checkReferences, type PolicyFacts } from './check/references.ts'
import { checkRetention } from './check/retention.ts'
import { checkRules } from './check/rules.ts'
import { checkSigning } from './check/signing.ts'
import { checkSites } from './check/sites.ts'
import { checkTemplates } from './check/templates.ts'
import { checkTests } from './check/tests.ts'
import { checkWebhooks } from './check/webhooks.ts'
import { compileRules } from './compile/access.ts'
import { compileAccount } from './compile/accounts.ts'
import type { Declared } from './compile/declared.ts'
import { compileEdge } from './compile/edge.ts'
import { gather } from './compile/gather.ts'
import { compileGuardrails } from './compile/guardrails.ts'
import { compileLimits, compilePacing } from './compile/limits.ts'
import { compilePrincipals, compileRevoked } from './compile/principals.ts'
import {
  compileConsent,
  compileLists,
  compileOptOut,
  compilePhoneRule,
  compileQuietHours,
} from './compile/recipients.ts'
import { compileRetention } from './compile/retention.ts'
import { compileTemplates } from './compile/templates.ts'
import { mapOf, parsed } from './compile/values.ts'
import { compileEndpoints } from './compile/webhooks.ts'
import { type Diagnostic, sortDiagnostics } from './diagnostic.ts'
import { lint } from './lint/lint.ts'
import type { PolicyDocument } from './read/document.ts'
import { duration } from './shape/notation.ts'
import { type ReadFiles, readFiles } from './shape/read-files.ts'
import type { PolicySnapshot, ReloadRules } from './snapshot.ts'
import { compileTests } from './tests/compile.ts'
import type { PolicyTest } from './tests/policy-test.ts'

export type { PolicyFacts } from './check/references.ts'

export type LoadOutcome =
  | {
      readonly kind: 'loaded'
      readonly snapshot: PolicySnapshot
      readonly tests: readonly PolicyTest[]
      readonly warnings: readonly Diagnostic[]
    }
  | { readonly kind: 'rejected'; readonly diagnostics: readonly Diagnostic[] }

/**
 * Reads, checks and compiles a whole policy folder. One error anywhere and nothing is loaded; all errors and
 * warnings are told at once, sorted by file and line.
 */
export function loadPolicy(
  files: readonly PolicyFile[],
  facts: PolicyFacts,
  readAll: ReadFiles = readFiles,
): LoadOutcome {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const read = readAll(sorted)
  const documents = read.flatMap(file => file.documents)
  const shapes = read.flatMap(file => file.shapes)
  const { names, diagnostics: repeated } = gatherNames(shapes)
  const diagnostics = sortDiagnostics([
    ...read.flatMap(file => file.diagnostics),
    ...shapes.flatMap(shape => shape.diagnostics),
    ...checkKinds(shapes, files.length),
    ...repeated,
    ...shapes.flatMap(shape => checkReferences(shape, names, facts)),
    ...checkGuardrails(shapes),
    ...checkSigning(shapes, sorted, facts),
    ...checkSites(shapes, names),
    ...checkPrincipals(shapes),
    ...checkRules(shapes),
    ...checkLimits(shapes),
    ...checkPacing(shapes, names),
    ...checkRetention(shapes),
    ...checkNumbers(shapes),
    ...checkTemplates(shapes, names),
    ...checkHooks(shapes, names),
    ...checkWebhooks(shapes),
    ...checkTests(shapes),
  ])
  if (diagnostics.some(diagnostic => diagnostic.severity === 'error'))
    return { kind: 'rejected', diagnostics }
  const snapshot = compile(documents, policyDigest(sorted))
  const tests = compileTests(documents, snapshot)
  const { lintAt } = facts
  const found = lintAt === undefined ? [] : lint({ shapes, snapshot, tests, lintAt })
  return { kind: 'loaded', snapshot, tests, warnings: sortDiagnostics([...diagnostics, ...found]) }
}

function compile(documents: readonly PolicyDocument[], digest: string): PolicySnapshot {
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

/** `sha256:<hex>` over names and contents; each with its length, so that no two folders can look alike. */
export function policyDigest(files: readonly PolicyFile[]): string {
  const hash = createHash('sha256')
  for (const { name, text } of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(`${Buffer.byteLength(name)}:${name}${Buffer.byteLength(text)}:`).update(text)
  }
  return `sha256:${hash.digest('hex')}`
}
