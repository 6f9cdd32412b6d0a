import type { Diagnostic } from '../diagnostic.ts'
import type { PolicySnapshot } from '../snapshot.ts'
import type { PolicyTest } from './policy-test.ts'
import { runTests, type TestReport } from './run.ts'

/** Runs the tests of a set before it is put in force: what keeps it from that, by the demands of the set itself. */
export function unmetDemands(snapshot: PolicySnapshot, tests: readonly PolicyTest[]): readonly Diagnostic[] {
  const { requireAll, minRuleCoverage } = snapshot.tests
  const report = runTests(snapshot, tests)
  const failed = report.results
    .filter(({ ok }) => !ok && requireAll)
    .map(({ test, name, place, want, got }): Diagnostic => {
      const message = `the test "${test}: ${name}" wants ${want} and gets ${got}`
      return { severity: 'error', code: 'PS-7001', message, file: place.file, range: lineOf(place.line) }
    })
  return [...failed, ...(coverage(report) < minRuleCoverage ? report.coverage.flatMap(uncovered) : [])]
}

/** Percent of the rules that decided some request; a policy without rules has nothing to cover. */
export function coverage({ coverage: rules }: TestReport): number {
  if (rules.length === 0) return 100
  return (100 * rules.filter(({ decided }) => decided).length) / rules.length
}

function uncovered({ rule, place, decided }: TestReport['coverage'][number]): readonly Diagnostic[] {
  if (decided || place === undefined) return []
  const message = `no test comes to a decision by the rule "${rule}"`
  const hint = 'write a PolicyTest for it, or lower spec.tests.minRuleCoverage'
  return [{ severity: 'error', code: 'PS-7002', message, hint, file: place.file, range: lineOf(place.line) }]
}

function lineOf(line: number): NonNullable<Diagnostic['range']> {
  const position = { line, column: 1, offset: 0 }
  return { start: position, end: position }
}
