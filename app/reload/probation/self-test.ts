import type { Account, AccountState } from '../../model/account.ts'
import type { PolicySnapshot, SiteName } from '../../policy/snapshot.ts'
import type { Answers, Caller } from './answers.ts'
import { REACHES, type Reaches, reachSites, unchangedSites } from './sites.ts'

/** What the appliance was like under the policy that it would go back to. */
export type Baseline = {
  /** Of sites that the change leaves as they are. */
  readonly sites: Reaches
  /** Accounts that were connected. */
  readonly connected: readonly string[]
  /** Who was let in during the minute before, and as whom. */
  readonly callers: ReadonlyMap<Caller, string>
  /** In the minute before. */
  readonly failureCount: number
}

export type SelfTestDeps = {
  readonly answers: Answers
  readonly accounts: () => readonly Account[]
  readonly now: () => Date
}

const MINUTE_MS = 60_000
/** Fewer internal errors are no burst. */
const LEAST_FAILURES = 5

const LOST: ReadonlySet<AccountState> = new Set(['connecting', 'closed'])

/** What is to be held against what comes after the change. */
export async function baselineOf(
  { from, to }: { readonly from: PolicySnapshot; readonly to: PolicySnapshot },
  { answers, accounts, now }: SelfTestDeps,
): Promise<Baseline> {
  const minuteAgo = now().getTime() - MINUTE_MS
  const reached = await reachSites(from)
  const sites = unchangedSites(from, to).map(name => [name, reached[name]])
  return {
    sites: Object.fromEntries(sites) as Reaches,
    connected: accounts().flatMap(({ name, health }) => (health.connected ? [name] : [])),
    callers: answers.callersSince(minuteAgo),
    failureCount: answers.failuresSince(minuteAgo),
  }
}

/**
 * In what the appliance is worse off than before, as a sentence; undefined when it is not. An account may take its time to
 * come back, so that it counts at the end (`isLast`) alone.
 */
export async function breachOf(
  trial: {
    readonly baseline: Baseline
    readonly policy: PolicySnapshot
    readonly begunAt: Date
    readonly isResumed: boolean
  },
  isLast: boolean,
  deps: SelfTestDeps,
): Promise<string | undefined> {
  const { baseline, policy, begunAt, isResumed } = trial
  const since = begunAt.getTime()
  return (
    failures(baseline, since, deps) ??
    lockedOut(baseline, { policy, since }, deps) ??
    (isResumed && !isLast ? undefined : lostSite(baseline, await reachSites(policy))) ??
    (isLast ? lostAccount(baseline, policy, deps) : undefined)
  )
}

function failures({ failureCount }: Baseline, since: number, { answers, now }: SelfTestDeps) {
  const count = answers.failuresSince(since)
  const minutes = Math.max(1, (now().getTime() - since) / MINUTE_MS)
  if (count < LEAST_FAILURES || count <= 2 * failureCount * minutes) return undefined
  return `${count} internal errors since it came into force, ${failureCount} in the minute before`
}

/**
 * More than half of those who were let in before are unknown now. Principals that the policy takes away are meant to be, and
 * so are certificates that it revokes or that expired: who was locked out on purpose must not bring the old policy back.
 */
function lockedOut(
  { callers }: Baseline,
  { policy, since }: { readonly policy: PolicySnapshot; readonly since: number },
  { answers }: SelfTestDeps,
): string | undefined {
  const turned = answers.turnedAwaySince(since)
  const expected = [...callers].filter(([, principal]) => policy.principals.has(principal))
  const out = expected.filter(([caller]) => turned.has(caller))
  if (out.length === 0 || out.length * 2 <= expected.length) return undefined
  const names = [...new Set(out.map(([, principal]) => principal))].sort()
  return `${out.length} of ${expected.length} callers that were let in before are unknown now: ${names.join(', ')}`
}

function lostSite({ sites }: Baseline, reached: Reaches): string | undefined {
  const rank = (reaches: Reaches, name: SiteName) => REACHES.indexOf(reaches[name] ?? 'nowhere')
  const names = Object.keys(sites) as readonly SiteName[]
  const lost = names.find(name => rank(reached, name) < rank(sites, name))
  if (lost === undefined) return undefined
  return `the site ${lost} answered before and does not any more (${sites[lost]} before, ${reached[lost] ?? 'nowhere'} now)`
}

/** One that somebody paused, or that WhatsApp or its owner took away, is not lost by a policy. */
function lostAccount(
  { connected }: Baseline,
  policy: PolicySnapshot,
  deps: SelfTestDeps,
): string | undefined {
  const lost = deps
    .accounts()
    .find(
      ({ name, state, health }) =>
        connected.includes(name) && policy.accounts.has(name) && !health.connected && LOST.has(state),
    )
  return lost && `the account ${lost.name} was connected before and is not any more`
}
