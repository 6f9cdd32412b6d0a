import { Command } from 'commander'
import { formatDiagnostics } from '../../policy/format/format.ts'
import { coverage } from '../../policy/tests/demands.ts'
import { type RuleCoverage, runTests, type TestReport, type TestResult } from '../../policy/tests/run.ts'
import { CHECK_FAILED, type Configure, readPolicies, TESTS_FAILED } from './read.ts'

type Flags = { readonly policies?: string; readonly coverage?: true; readonly json?: true }

/** `postern policy test`. */
export function testCommand(configure: Configure): Command {
  return new Command('test')
    .description('run the PolicyTest documents on the compiled policy; exit 0 when all pass, 4 when not')
    .option('--policies <dir>', 'policy folder (default: policies/)')
    .option('--coverage', 'show for each rule what the tests have reached')
    .option('--json', 'print the results as JSON')
    .addHelpText('after', '\nExample:\n  ./postern policy test --coverage\n')
    .action(async (flags: Flags) => {
      process.exitCode = await test(flags, configure)
    })
}

async function test(flags: Flags, configure: Configure): Promise<number> {
  const read = await readPolicies(flags, configure)
  if (read === undefined) return CHECK_FAILED
  const { loaded, files } = read
  if (loaded.kind === 'rejected') {
    console.error(formatDiagnostics(loaded.diagnostics, { format: 'pretty', files }))
    return CHECK_FAILED
  }
  const report = runTests(loaded.snapshot, loaded.tests)
  const { requireAll, minRuleCoverage } = loaded.snapshot.tests
  const short = coverage(report) < minRuleCoverage
  if (flags.json) console.log(JSON.stringify(wireReport(report), null, 2))
  else {
    for (const line of report.results.flatMap(resultLines)) console.log(line)
    if (flags.coverage || short) for (const rule of report.coverage) console.log(coverageLine(rule))
    console.log(summary(report, minRuleCoverage))
  }
  const failed = requireAll && report.results.some(({ ok }) => !ok)
  return failed || short ? TESTS_FAILED : 0
}

function resultLines({ test: document, name, place, ok, want, got }: TestResult): readonly string[] {
  if (ok) return [`ok      ${document}: ${name}`]
  return [
    `FAILED  ${document}: ${name} (${place.file}:${place.line})`,
    `        want ${want}`,
    `        got  ${got}`,
  ]
}

function coverageLine({ rule, place, decided, neverHeld, neverFailed }: RuleCoverage): string {
  const where = place === undefined ? '' : ` (${place.file}:${place.line})`
  const gaps = [
    ...(decided ? [] : ['decided nothing']),
    ...(neverHeld.length === 0 ? [] : [`never met: ${neverHeld.join(', ')}`]),
    ...(neverFailed.length === 0 ? [] : [`never failed: ${neverFailed.join(', ')}`]),
  ]
  return `rule    ${rule}${where}: ${gaps.length === 0 ? 'decided, every condition met and failed' : gaps.join('; ')}`
}

function summary(report: TestReport, minRuleCoverage: number): string {
  const { results, coverage: rules } = report
  const passed = results.filter(({ ok }) => ok).length
  const decided = rules.filter(rule => rule.decided).length
  const wanted = minRuleCoverage > 0 ? `, ${minRuleCoverage} % wanted` : ''
  return `${passed} of ${results.length} tests passed; ${decided} of ${rules.length} rules decided a request${wanted}.`
}

function wireReport({ results, coverage: rules }: TestReport) {
  return {
    passed: results.filter(({ ok }) => ok).length,
    failed: results.filter(({ ok }) => !ok).length,
    results: results.map(({ place, ...rest }) => ({ ...rest, ...place })),
    coverage: rules.map(({ place, neverHeld, neverFailed, ...rest }) => ({
      ...rest,
      ...place,
      never_held: neverHeld,
      never_failed: neverFailed,
    })),
  }
}
