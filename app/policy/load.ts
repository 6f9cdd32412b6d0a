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
import { compileSnapshot } from './compile/snapshot.ts'
import { type Diagnostic, sortDiagnostics } from './diagnostic.ts'
import { policyDigest } from './digest.ts'
import { lint } from './lint/lint.ts'
import { type ReadFiles, readFiles } from './shape/read-files.ts'
import type { PolicySnapshot } from './snapshot.ts'
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
  const snapshot = compileSnapshot(documents, policyDigest(sorted))
  const tests = compileTests(documents, snapshot)
  const { lintAt } = facts
  const found = lintAt === undefined ? [] : lint({ shapes, snapshot, tests, lintAt })
  return { kind: 'loaded', snapshot, tests, warnings: sortDiagnostics([...diagnostics, ...found]) }
}
