import type { Explanation, TraceStep } from './explain.ts'

/** A decision with its trace, as `policy explain --json` and `POST /v1/policy/explain` give it. */
export type ExplanationJson = {
  readonly effect: string
  readonly by: string
  readonly reason: string
  /** The digest of the policy that was asked. */
  readonly policy: string
  readonly trace: readonly Omit<TraceStep, 'held'>[]
  readonly near_misses: Explanation['nearMisses']
}

/** What can be told of a request that was judged, whatever it came to. */
export type Explained = Omit<Explanation, 'effect'> & { readonly effect: string }

export function explanationJson(explained: Explained, digest: string): ExplanationJson {
  const { effect, by, reason, trace, nearMisses } = explained
  const steps = trace.map(({ held, ...step }) => step)
  return { effect, by, reason, policy: digest, trace: steps, near_misses: nearMisses }
}
