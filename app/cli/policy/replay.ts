import type { Command } from 'commander'
import type { Config } from '../../config/config.ts'
import type { Decision } from '../../model/decision.ts'
import { type RequestWords, requestOf } from '../../policy/decide/words.ts'
import { formatDiagnostics } from '../../policy/format/format.ts'
import { flipText } from '../../policy/plan/format/text.ts'
import { collectFlips, type Flip } from '../../policy/plan/replay.ts'
import { duration } from '../../policy/shape/notation.ts'
import type { PolicySnapshot } from '../../policy/snapshot.ts'
import { judge } from '../../policy/tests/assess.ts'
import { tellControl } from '../control.ts'
import { print, runningCommand } from '../running.ts'
import { CHECK_FAILED, type Configure, DRIFT, readPolicies, USAGE } from './read.ts'

type Flags = {
  readonly since: string
  readonly data?: string
  readonly policies?: string
  readonly json?: boolean
  readonly detailedExitcode?: true
}

/** A recorded decision as the appliance tells it. */
type Recorded = Pick<Decision, 'effect' | 'by' | 'reason'> & {
  readonly rules?: Decision
  readonly request: RequestWords
}
type Page = { readonly data: readonly Recorded[]; readonly next: string | null }

export type ReplayDeps = {
  readonly configure: (flags: { readonly data?: string; readonly policies?: string }) => Config
  readonly now: () => Date
}

const PAGE = 200

/** `postern policy replay`: what the policy files on disk would have said to requests that were decided lately. */
export function replayCommand(deps: ReplayDeps): Command {
  return runningCommand(
    'replay',
    'decide recorded requests again under the files on disk and list those that come out otherwise; exit 0, 3 when the check fails',
    'policy replay --since 24h',
  )
    .option('--since <duration>', 'how far back, such as 24h', '24h')
    .option('--policies <dir>', 'policy folder (default: policies/)')
    .option('--detailed-exitcode', 'exit 5 when something comes out otherwise')
    .action(async (flags: Flags) => {
      process.exitCode = await replay(flags, deps)
    })
}

async function replay(flags: Flags, { configure, now }: ReplayDeps): Promise<number> {
  const sinceMs = duration.parse(flags.since)
  if (sinceMs === undefined) {
    console.error(`postern: --since: expected ${duration.expected}, got "${flags.since}"`)
    return USAGE
  }
  const snapshot = await snapshotOnDisk(flags, configure)
  if (snapshot === undefined) return CHECK_FAILED
  const since = new Date(now().getTime() - sinceMs)
  const { count, flips } = await decideAgain(configure(flags), { snapshot, since, now: now() })
  const told = {
    policy: snapshot.digest,
    since: since.toISOString(),
    requests: count,
    flips: flips.map(({ firstAt, lastAt, ...flip }) => ({ ...flip, first_at: firstAt, last_at: lastAt })),
  }
  print(told, flags, () => replayText(count, flips, since))
  return flips.length > 0 && flags.detailedExitcode ? DRIFT : 0
}

async function snapshotOnDisk(flags: Flags, configure: Configure): Promise<PolicySnapshot | undefined> {
  const read = await readPolicies(flags, configure)
  if (read?.loaded.kind === 'loaded') return read.loaded.snapshot
  if (read !== undefined)
    console.error(formatDiagnostics(read.loaded.diagnostics, { format: 'pretty', files: read.files }))
  return undefined
}

/** Page by page, so that a busy day needs no memory. The machine's owner is bound by no policy, now or then. */
async function decideAgain(
  config: Config,
  { snapshot, since, now }: { snapshot: PolicySnapshot; since: Date; now: Date },
): Promise<{ count: number; flips: readonly Flip[] }> {
  const flips = collectFlips()
  let count = 0
  let after: string | null = null
  do {
    const query = new URLSearchParams({ since: since.toISOString(), limit: String(PAGE) })
    if (after !== null) query.set('after', after)
    const page: Page = await tellControl<Page>(config, { path: `/v1/policy/decisions?${query}` })
    for (const recorded of page.data) {
      const request = requestOf(recorded.request, now)
      if (request.principal === 'system') continue
      count += 1
      flips.add(request, recorded.rules ?? recorded, judge(snapshot, request))
    }
    after = page.next
  } while (after !== null)
  return { count, flips: flips.list() }
}

function replayText(count: number, flips: readonly Flip[], since: Date): string {
  const asked = `${count} request${count === 1 ? '' : 's'} since ${since.toISOString()}`
  if (flips.length === 0) return `${asked}: none would be decided otherwise`
  return [`${asked}; these would be decided otherwise:`, ...flips.map(flip => `  ${flipText(flip)}`)].join(
    '\n',
  )
}
