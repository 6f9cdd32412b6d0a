import { setTimeout as sleep } from 'node:timers/promises'
import { ask, type Proof } from '../../../app/supervise/ask.ts'

/** What somebody saw who asked all the while: how long each answer took, and what was no good answer. */
export type Seen = { readonly tookMs: readonly number[]; readonly faults: readonly string[] }

const EVERY_MS = 20
const TIMEOUT_MS = 30_000

/** Asks again and again, each time on a connection of its own, until `stop` says so. */
export async function watch(url: string, proof: Proof, stop: () => boolean): Promise<Seen> {
  const tookMs: number[] = []
  const faults: string[] = []
  while (!stop()) {
    const begun = performance.now()
    const fault = await ask({ url, proof, timeoutMs: TIMEOUT_MS }).then(
      ({ status }) => (status === 200 ? undefined : `status ${status}`),
      (error: unknown) => String(error),
    )
    tookMs.push(performance.now() - begun)
    if (fault !== undefined) faults.push(fault)
    await sleep(EVERY_MS)
  }
  return { tookMs, faults }
}

/** The hundredth part took longer. */
export function p99(tookMs: readonly number[]): number {
  const sorted = tookMs.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0
}
