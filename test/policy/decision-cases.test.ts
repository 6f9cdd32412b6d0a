import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import access from '../../app/policy/schemas/access.json' with { type: 'json' }
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

type DeclaredRule = { readonly effect: string; readonly when?: Readonly<Record<string, object>> }
type Access = { readonly kind?: string; readonly spec: { readonly rules?: readonly DeclaredRule[] } }

/** `when.size`, or `when.recipients.list` where a condition has several of its own. */
function conditionsOf({ when = {} }: DeclaredRule): readonly string[] {
  return Object.entries(when).flatMap(([name, value]) =>
    name === 'recipients' ? Object.keys(value).map(part => `${name}.${part}`) : [name],
  )
}

test('has a case of every condition alone, for rules of every effect', () => {
  const { when, recipients } = access.$defs
  const wanted = Object.keys(when.properties).flatMap(name =>
    name === 'recipients' ? Object.keys(recipients.properties).map(part => `${name}.${part}`) : [name],
  )
  const texts = readdirSync(FOLDER).map(file => readFileSync(join(FOLDER, file), 'utf8'))
  const documents = texts.flatMap(text => parseAllDocuments(text).map(yaml => yaml.toJS() as Access))
  const rules = documents.flatMap(({ kind, spec }) => (kind === 'Access' ? (spec.rules ?? []) : []))
  const has = (effect: string, condition: string) =>
    rules.some(rule => rule.effect === effect && conditionsOf(rule).join() === condition)
  const missing = ['allow', 'deny', 'hold'].flatMap(effect =>
    wanted.filter(condition => !has(effect, condition)).map(condition => `${effect} ${condition}`),
  )
  assert.deepEqual(missing, [])
})
