import { channel } from 'node:diagnostics_channel'

/** What a subscriber of `postern:step` is told. */
export type Step = { readonly point: string }

const steps = channel('postern:step')

/**
 * Names the point that the work has reached, for fault rigs and tracing: a subscriber runs before `step` returns and
 * may end the process there. Costs nothing to speak of while nobody subscribes.
 */
export function step(point: string): void {
  if (steps.hasSubscribers) steps.publish({ point } satisfies Step)
}
