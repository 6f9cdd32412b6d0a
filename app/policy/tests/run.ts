import type { Explanation } from '../decide/explain.ts'
import { QUIET_HOURS } from '../decide/quiet.ts'
import { createLimiter } from '../limiter.ts'
import type { PolicySnapshot } from '../snapshot.ts'
import { type Assessed, assess, assessWithLimits } from './assess.ts'
import type { Place, PolicyTest, TestCase, TestSequence } from './policy-test.ts'

export type TestResult = {
  readonly test: string
  readonly name: string
  readonly place: Place
  readonly ok: boolean
  /** What was expected and what came, for a test that failed. */
  readonly want: string
  readonly got: string
}

/** How much of one rule the tests have reached. */
export type RuleCoverage = {
  readonly rule: string
  readonly place?: Place
  /** A request was decided by it. */
  readonly decided: boolean
  /** Conditions that no request met, and those that no request failed. */
  readonly neverHeld: readonly string[]
  readonly neverFailed: readonly string[]
}

export type TestReport = {
  readonly results: readonly TestResult[]
  readonly coverage: readonly RuleCoverage[]
}

/** Runs every test on a compiled policy, on a clock of its own. Nothing outside is asked. */
export function runTests(snapshot: PolicySnapshot, tests: readonly PolicyTest[]): TestReport {
  const seen: Assessed[] = []
  const results = tests.flatMap(({ name, cases, sequences }) => [
    ...cases.map(one => {
      const explained = assess(snapshot, one.request)
      seen.push(explained)
      return { test: name, name: one.name, place: one.place, ...verdictOf(one, explained) }
    }),
    ...sequences.map(one => {
      const limiter = createLimiter()
      const outcomes = one.requests.map(request => assessWithLimits(snapshot, request, limiter))
      seen.push(...outcomes)
      return { test: name, name: one.name, place: one.place, ...sequenceVerdict(one, outcomes) }
    }),
  ])
  return { results, coverage: coverageOf(snapshot, seen) }
}

type Verdict = Pick<TestResult, 'ok' | 'want' | 'got'>

function verdictOf({ expect }: TestCase, explained: Assessed): Verdict {
  const { effect, by, reason, nearMisses } = explained
  const want: string[] = [expect.decision]
  const got: string[] = [effect]
  if (expect.by !== undefined) {
    want.push(`by ${expect.by}`)
    got.push(`by ${by}`)
  }
  if (expect.reason !== undefined) {
    want.push(`because "${expect.reason}"`)
    got.push(`because "${reason}"`)
  }
  if (expect.nearMiss !== undefined) {
    const { rule, failed } = expect.nearMiss
    const found = nearMisses.find(miss => miss.rule === rule)
    want.push(`${rule} failing ${failed} alone`)
    got.push(
      found === undefined ? `${rule} ${howFar(explained, rule)}` : `${rule} failing ${found.failed} alone`,
    )
  }
  return { ok: want.join(', ') === got.join(', '), want: want.join(', '), got: got.join(', ') }
}

function howFar({ trace }: Assessed, rule: string): string {
  const step = trace.find(other => other.rule === rule)
  if (step === undefined) return 'not concerned'
  return step.matched ? 'matching' : `failing ${step.failed.join(' and ')}`
}

function sequenceVerdict({ expect }: TestSequence, outcomes: readonly Assessed[]): Verdict {
  const got = outcomes.map(({ effect, by }) => ({ kind: effect, by: by.replace('limit:', '') }))
  const same =
    expect.length === got.length &&
    expect.every((want, n) => {
      const one = got[n]
      return want.kind === one?.kind && (want.by === undefined || want.by.replace('limit:', '') === one.by)
    })
  return { ok: same, want: runsOf(expect), got: runsOf(got) }
}

/** `allow x6, reject(per-recipient)`; who allows is no news. */
function runsOf(outcomes: readonly { readonly kind: string; readonly by?: string }[]): string {
  const words = outcomes.map(({ kind, by }) =>
    kind === 'allow' || by === undefined ? kind : `${kind}(${by})`,
  )
  const runs: { word: string; count: number }[] = []
  for (const word of words) {
    const last = runs.at(-1)
    if (last?.word === word) last.count += 1
    else runs.push({ word, count: 1 })
  }
  return runs.map(({ word, count }) => (count === 1 ? word : `${word} x${count}`)).join(', ')
}

/** What is held, limited or put off was allowed first: without these rules it would have been denied. */
function allowing(trace: Explanation['trace']): readonly string[] {
  return trace.filter(({ effect, matched }) => effect === 'allow' && matched).map(({ rule }) => rule)
}

/** Of the rules that stand in a file; what roles give to people has no test of its own. */
function coverageOf(snapshot: PolicySnapshot, seen: readonly Assessed[]): readonly RuleCoverage[] {
  const decided = new Set(
    seen.flatMap(({ effect, by, trace }) => {
      const passed = effect !== 'deny' || by === QUIET_HOURS
      return [by, ...(passed ? allowing(trace) : [])]
    }),
  )
  const steps = seen.flatMap(({ trace }) => trace)
  return snapshot.rules
    .filter(({ place }) => place !== undefined)
    .map(({ id, place }) => {
      const own = steps.filter(({ rule }) => rule === id)
      const held = new Set(own.flatMap(step => step.held))
      const failed = new Set(own.flatMap(step => step.failed).filter(path => path.startsWith('when.')))
      return {
        rule: id,
        ...(place === undefined ? {} : { place }),
        decided: decided.has(id),
        neverHeld: [...failed].filter(path => !held.has(path)),
        neverFailed: [...held].filter(path => !failed.has(path)),
      }
    })
}
