import type { ViolationKind } from '../store/mail/tallies.ts'
import type { World } from '../store/world.ts'

/** Notes what a client did wrong; `account` is its number without `+`. */
export function recordViolation(
  world: World,
  { kind, account, detail }: { kind: ViolationKind; account?: string | undefined; detail: string },
): void {
  const who = account === undefined ? {} : { account: `+${account}` }
  world.tallies.violation({ kind, ...who, detail, at: world.now().toISOString() })
}
