import { type Change, type PlanSummary, summaryOf } from './change.ts'
import type { Sides } from './field.ts'
import { type Blocked, blockedBy } from './guardrails.ts'
import { type Replayed, withImpact } from './replay.ts'
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
  /** Absent when no requests were decided again. */
  readonly replayed?: Replayed
}

export type PlanOptions = {
  /** What the plan was given to pass guardrails that name it. */
  readonly tags?: readonly string[]
  /** What becomes of requests that were decided lately. */
  readonly replayed?: Replayed
}

/** Compares two policies by what they mean, judges the guardrails, and says what rules that change mean to recorded requests. */
export function planOf(sides: Sides, { tags = [], replayed }: PlanOptions = {}): Plan {
  const changes = changesBetween(sides)
  return {
    old: sides.from.digest,
    new: sides.to.digest,
    tags,
    changes: replayed === undefined ? changes : withImpact(changes, replayed),
    summary: summaryOf(changes),
    blocked: blockedBy(sides, changes, tags),
    ...(replayed === undefined ? {} : { replayed }),
  }
}
