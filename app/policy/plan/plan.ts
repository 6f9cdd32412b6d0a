import type { DecisionRequest } from '../../model/decision.ts'
import { type Change, type PlanSummary, summaryOf } from './change.ts'
import type { Sides } from './field.ts'
import { type Blocked, blockedBy } from './guardrails.ts'
import { type Flip, replay } from './replay.ts'
import { changesBetween } from './sections.ts'

/** What it would mean to put one policy in the place of another. */
export type Plan = {
  /** The digests of the policies that it was made from: of any others it says nothing. */
  readonly old: string
  readonly new: string
  readonly tags: readonly string[]
  readonly changes: readonly Change[]
  readonly summary: PlanSummary
  /** Not empty: it must not be applied. */
  readonly blocked: readonly Blocked[]
  /** Absent when no requests were given. */
  readonly flips?: readonly Flip[]
}

export type PlanOptions = {
  /** What the plan was given to pass guardrails that name it. */
  readonly tags?: readonly string[]
  /** Requests that were decided lately, to be decided again. */
  readonly requests?: Iterable<DecisionRequest>
}

/** Compares two policies by what they mean, judges the guardrails, and decides recorded requests again. */
export function planOf(sides: Sides, { tags = [], requests }: PlanOptions = {}): Plan {
  const changes = changesBetween(sides)
  return {
    old: sides.from.digest,
    new: sides.to.digest,
    tags,
    changes,
    summary: summaryOf(changes),
    blocked: blockedBy(sides, changes, tags),
    ...(requests === undefined ? {} : { flips: replay(sides, requests) }),
  }
}
