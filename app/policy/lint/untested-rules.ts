import { warn } from '../check/entries.ts'
import { rulesIn } from '../check/rules.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { runTests } from '../tests/run.ts'
import type { Linted } from './lint.ts'

/** Tells of rules that no test comes to a decision by, but those in `except`. Of none in a set that has no tests at all. */
export function untestedRules(linted: Linted, except: ReadonlySet<string>): readonly Diagnostic[] {
  const { shapes, snapshot, tests } = linted
  if (tests.length === 0) return []
  const { coverage } = runTests(snapshot, tests)
  const untested = new Set(coverage.filter(({ decided }) => !decided).map(({ rule }) => rule))
  return rulesIn(shapes)
    .filter(({ name }) => untested.has(name) && !except.has(name))
    .map(rule => {
      const message = `no test comes to a decision by the rule "${rule.name}"`
      const hint = 'write a PolicyTest for it'
      return warn(rule, { code: 'PS-3113', path: [...rule.path, 'id'], at: 'value', message, hint })
    })
}
