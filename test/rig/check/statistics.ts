/** The value that so many per cent of the samples do not exceed; undefined without samples. */
export function percentile(samples: readonly number[], percent: number): number | undefined {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]
}

/**
 * What a count of losses says about the rate of losses, with 95 % confidence. Without a loss in N: fewer than 3/N, the rule
 * of three. With losses only the count is told, because then there is something to mend and nothing to claim.
 */
export function bound(lost: number, count: number): string {
  if (count === 0) return 'nothing was promised'
  if (lost > 0) return `${lost} lost in ${count}`
  return `0 lost in ${count}: fewer than ${(300 / count).toPrecision(2)} % at 95 %`
}

/** How much a value grows in a unit of time: the slope of the least-squares line through `[time, value]`. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))]
  const over = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0)
  const under = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0)
  return under === 0 ? 0 : over / under
}
