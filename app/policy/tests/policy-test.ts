import type { DecisionRequest } from '../../model/decision.ts'
import type { ExpectedOutcome } from '../shape/notation.ts'

/** One document of the kind PolicyTest, compiled: every request is whole. */
export type PolicyTest = {
  readonly name: string
  readonly cases: readonly TestCase[]
  readonly sequences: readonly TestSequence[]
}

export type Place = { readonly file: string; readonly line: number }

/** A request of a test. Contacts have become numbers; `consents` are those that are valid at its instant. */
export type TestRequest = DecisionRequest

export type TestCase = {
  readonly name: string
  readonly place: Place
  readonly request: TestRequest
  readonly expect: {
    readonly decision: 'allow' | 'deny' | 'hold' | 'wait'
    readonly by?: string
    readonly reason?: string
    readonly nearMiss?: { readonly rule: string; readonly failed: string }
  }
}

export type TestSequence = {
  readonly name: string
  readonly place: Place
  readonly requests: readonly TestRequest[]
  readonly expect: readonly ExpectedOutcome[]
}
