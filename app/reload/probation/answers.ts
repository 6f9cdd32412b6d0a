/** Who showed what; the same credential, the same caller. A hash: the credential itself stays where it was. */
export type Caller = string

/** What the appliance answered lately, as far as it tells whether a policy does harm. */
export type Answers = {
  /** A caller was let in, as this principal. */
  letIn(caller: Caller, principal: string): void
  /** A caller was turned away because the policy names nobody for what was shown. */
  turnedAway(caller: Caller): void
  /** Something went wrong here. */
  failed(): void
  /** Who was let in since then, as whom. */
  callersSince(at: number): ReadonlyMap<Caller, string>
  turnedAwaySince(at: number): ReadonlySet<Caller>
  failuresSince(at: number): number
}

const MOST_CALLERS = 10_000
const MOST_FAILURES = 10_000

/** Remembers the last time of each caller and of each failure; of too many, the newest. */
export function createAnswers(now: () => Date): Answers {
  const callers = new Map<Caller, { principal: string; at: number }>()
  const turned = new Map<Caller, number>()
  let failures: number[] = []

  return {
    letIn: (caller, principal) => remember(callers, caller, { principal, at: now().getTime() }),
    turnedAway(caller) {
      if (callers.has(caller)) remember(turned, caller, now().getTime()) // strangers are always turned away
    },
    failed() {
      failures.push(now().getTime())
      if (failures.length > 2 * MOST_FAILURES) failures = failures.slice(-MOST_FAILURES)
    },
    callersSince(since) {
      const recent = [...callers].filter(([, { at }]) => at >= since)
      return new Map(recent.map(([caller, { principal }]) => [caller, principal]))
    },
    turnedAwaySince: since => new Set([...turned].filter(([, at]) => at >= since).map(([caller]) => caller)),
    failuresSince: since => failures.filter(at => at >= since).length,
  }
}

/** A map keeps the order of insertion, so that the first is the one not seen for the longest. */
function remember<T>(map: Map<Caller, T>, caller: Caller, value: T): void {
  map.delete(caller)
  map.set(caller, value)
  if (map.size <= MOST_CALLERS) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}
