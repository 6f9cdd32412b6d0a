import { namesMatching } from '../../lib/glob.ts'
import { present } from '../../lib/present.ts'
import { dailyRate, duration, durationRange, rate } from '../shape/notation.ts'
import type { Limit, Pacing } from '../snapshot.ts'
import type { Declared, DeclaredLimit, DeclaredPacing } from './declared.ts'
import { mapOf, parsed } from './values.ts'

/** All limits by name. */
export function compileLimits(declared: Declared): ReadonlyMap<string, Limit> {
  const everybody = [...Object.keys(declared.services), ...Object.keys(declared.people)]
  return mapOf(declared.limits, (limit, name) => compileLimit(limit, name, everybody))
}

function compileLimit(limit: DeclaredLimit, name: string, everybody: readonly string[]): Limit {
  const { key, onExceed, maxWait, blockFor, when } = limit
  const { count, periodMs } = parsed(rate, limit.rate)
  const only = when?.principals
  return {
    name,
    key: key.toSorted(),
    count,
    periodMs,
    burst: limit.burst ?? count,
    onExceed,
    ...present({
      maxWaitMs: maxWait === undefined ? undefined : parsed(duration, maxWait),
      blockForMs: blockFor === undefined ? undefined : parsed(duration, blockFor),
      firstContact: when?.firstContact,
      principals: only === undefined || only.includes('*') ? undefined : namesMatching(only, everybody),
    }),
  }
}

/** How fast each account sends. */
export function compilePacing(declared: Declared): ReadonlyMap<string, Pacing> {
  return mapOf(declared.pacing, ({ jitter, warmUp }: DeclaredPacing) =>
    present({
      jitter: jitter === undefined ? undefined : parsed(durationRange, jitter),
      warmUp: warmUp && {
        start: parsed(dailyRate, warmUp.start),
        growth: warmUp.growth,
        max: parsed(dailyRate, warmUp.max),
      },
    }),
  )
}
