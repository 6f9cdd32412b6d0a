const DAY_MS = 24 * 60 * 60 * 1_000

/**
 * So many of all: others every day, round and round, so that a short run comes past everything within days. `RIG_DAY` is
 * the number of the day, for a run that is to be repeated.
 */
export function ofToday<T>(all: readonly T[], count: number): readonly T[] {
  const day = Number(process.env.RIG_DAY ?? Math.floor(Date.now() / DAY_MS))
  return Array.from(
    { length: Math.min(count, all.length) },
    (_, n) => all[(day * count + n) % all.length] as T,
  )
}
