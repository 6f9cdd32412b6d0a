import type { Plan } from '../plan.ts'

/** Where the two sides were read, for whoever finds the file later. */
export type PlanSources = { readonly old: string; readonly new: string }

/**
 * The plan file: all of the plan, and the digests of the two policies that it was made from, so that it can be refused once
 * either of them is another.
 */
export function asJson(plan: Plan, sources: PlanSources): string {
  const { changes, summary, blocked, replayed, tags } = plan
  const file = {
    format: 'postern-plan/v1',
    old: { digest: plan.old, source: sources.old },
    new: { digest: plan.new, source: sources.new },
    tags,
    changes,
    replayed: replayed && {
      ...replayed,
      flips: replayed.flips.map(({ firstAt, lastAt, ...flip }) => ({
        ...flip,
        first_at: firstAt,
        last_at: lastAt,
      })),
    },
    blocked: blocked.map(({ guardrail, change, reason }) => ({
      code: 'PS-5001',
      guardrail: guardrail.id,
      kind: change.kind,
      noun: change.noun,
      name: change.name,
      reason,
    })),
    summary,
  }
  return JSON.stringify(file, null, 2)
}
