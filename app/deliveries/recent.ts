/** Attempts of the last 5 minutes at one endpoint. */
export type Recent = {
  add(ok: boolean, at: Date): void
  count(at: Date): { readonly total: number; readonly failed: number }
}

const WINDOW_MS = 5 * 60_000
const SLICE_MS = 5_000

/** Counts by slices of 5 s, so that a busy endpoint costs no more memory than a quiet one. */
export function createRecent(): Recent {
  let slices: { readonly startMs: number; total: number; failed: number }[] = []

  function forget(at: Date): void {
    slices = slices.filter(({ startMs }) => startMs > at.getTime() - WINDOW_MS)
  }

  return {
    add(ok, at) {
      const startMs = Math.floor(at.getTime() / SLICE_MS) * SLICE_MS
      let slice = slices.at(-1)
      if (slice === undefined || slice.startMs < startMs) {
        forget(at)
        slice = { startMs, total: 0, failed: 0 }
        slices.push(slice)
      }
      slice.total++
      if (!ok) slice.failed++
    },
    count(at) {
      forget(at)
      const sum = { total: 0, failed: 0 }
      for (const { total, failed } of slices) {
        sum.total += total
        sum.failed += failed
      }
      return sum
    },
  }
}
