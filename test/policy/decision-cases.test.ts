import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PolicyTest } from '../../app/policy/tests/policy-test.ts'
import { runTests } from '../../app/policy/tests/run.ts'
import { load } from './world.ts'

function effectsWanted(tests: readonly PolicyTest[]): readonly string[] {
  return tests.flatMap(({ cases, sequences }) => [
    ...cases.map(({ expect }) => expect.decision),
    ...sequences.flatMap(({ expect }) => expect.map(({ kind }) => kind)),
  ])
}

const FOLDER = join(import.meta.dirname, '..', 'cases', 'decisions')

/** Each file is a policy with tests of its own, beside the base documents. A new case is a new file. */
for (const file of readdirSync(FOLDER).filter(name => name.endsWith('.yaml'))) {
  test(`comes to every decision of the case ${file.replace('.yaml', '')}`, () => {
    const outcome = load({ [file]: readFileSync(join(FOLDER, file), 'utf8') })
    if (outcome.kind === 'rejected') return assert.deepEqual(outcome.diagnostics, [])
    const { results, coverage } = runTests(outcome.snapshot, outcome.tests)
    assert.deepEqual(
      results.filter(({ ok }) => !ok).map(({ name, want, got }) => ({ name, want, got })),
      [],
    )
    assert.ok(new Set(effectsWanted(outcome.tests)).size > 1, 'what is allowed has a twin that is not')
    assert.deepEqual(
      coverage.filter(({ decided }) => !decided).map(({ rule }) => rule),
      [],
    )
  })
}
