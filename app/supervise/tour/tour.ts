import { reasonOf } from '../../lib/error.ts'

/** One row of the tour. `run` answers a short detail and throws when what it claims is not so. */
export type Step<Context> = { readonly step: string; readonly run: (context: Context) => Promise<string> }

export type StepOutcome = {
  readonly step: string
  readonly ok: boolean
  readonly ms: number
  readonly detail: string
}

export type WalkOptions = {
  readonly interrupted: AbortSignal
  readonly onOutcome: (outcome: StepOutcome) => void
}

/**
 * Runs the steps one after another. After a failure the rest is not tried, because each builds on the one before. A step
 * that is interrupted has no outcome.
 */
export async function walk<Context>(
  steps: readonly Step<Context>[],
  context: Context,
  { interrupted, onOutcome }: WalkOptions,
): Promise<readonly StepOutcome[]> {
  const outcomes: StepOutcome[] = []
  for (const { step, run } of steps) {
    if (interrupted.aborted) break
    const startedAt = performance.now()
    const result = await run(context).then(
      detail => ({ ok: true, detail }),
      (error: unknown) => ({ ok: false, detail: reasonOf(error) }),
    )
    if (interrupted.aborted) break
    const outcome = {
      step,
      ok: result.ok,
      ms: Math.round(performance.now() - startedAt),
      detail: result.detail,
    }
    outcomes.push(outcome)
    onOutcome(outcome)
    if (!outcome.ok) break
  }
  return outcomes
}

/** One line of the table that people see. */
export function tableRow(outcome: StepOutcome): string {
  const mark = outcome.ok ? 'ok  ' : 'FAIL'
  return `${mark}  ${String(outcome.ms).padStart(6)} ms  ${outcome.step.padEnd(44)}  ${outcome.detail}`
}

/** Throws with what was expected and what came. */
export function expect(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence)
}

/** Asks until the answer is there; throws with `what` after `withinMs`. */
export async function until<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs / 1_000} s`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
