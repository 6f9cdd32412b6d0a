import type { Diagnostic } from '../diagnostic.ts'
import type { Shape } from '../shape/check-shape.ts'
import type { PolicySnapshot } from '../snapshot.ts'
import type { PolicyTest } from '../tests/policy-test.ts'
import { farEndpoints } from './endpoints.ts'
import { expiring } from './expiry.ts'
import { idleRules } from './idle-rules.ts'
import { untestedRules } from './untested-rules.ts'

/** A policy without errors, as it stands in the files and as it is decided by. */
export type Linted = {
  readonly shapes: readonly Shape[]
  readonly snapshot: PolicySnapshot
  readonly tests: readonly PolicyTest[]
  readonly lintAt: Date
}

/** Warnings about what is written rightly and is most likely not meant, as far as only the compiled policy shows it. */
export function lint(linted: Linted): readonly Diagnostic[] {
  const idle = idleRules(linted)
  const untested = untestedRules(linted, new Set(idle.keys())) // what decides nothing can have no test
  return [...idle.values(), ...untested, ...expiring(linted), ...farEndpoints(linted)]
}
