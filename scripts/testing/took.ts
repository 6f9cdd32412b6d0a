/** How long a test file took, by the clock on the wall. */
export type Took = { readonly name: string; readonly ms: number }

const LISTED = 15

/** The files that a part of the suite waits for longest, so that whoever reads its output knows where the time goes. */
export function slowestOf(took: readonly Took[]): string {
  const slowest = [...took].sort((one, other) => other.ms - one.ms).slice(0, LISTED)
  return slowest.map(({ name, ms }) => `${name} ${Math.round(ms / 1_000)} s`).join(', ')
}
