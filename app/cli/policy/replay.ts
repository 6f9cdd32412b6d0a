import type { Command } from 'commander'
import type { Config } from '../../config/config.ts'
import { formatDiagnostics } from '../../policy/format/format.ts'
import { flipText, replayText } from '../../policy/plan/format/text.ts'
import { collectFlips, type Replayed } from '../../policy/plan/replay.ts'
import { duration } from '../../policy/shape/notation.ts'
import type { PolicySnapshot } from '../../policy/snapshot.ts'
import { judge } from '../../policy/tests/assess.ts'
import { print, runningCommand } from '../running.ts'
import { CHECK_FAILED, type Configure, DRIFT, readPolicies, USAGE } from './read.ts'
import { recordedSince } from './recorded.ts'

type Flags = {
  readonly since: string
  readonly data?: string
  readonly policies?: string
  readonly json?: boolean
  readonly detailedExitcode?: true
}

export type ReplayDeps = {
  readonly configure: (flags: { readonly data?: string; readonly policies?: string }) => Config
  readonly now: () => Date
}

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
  const replayed = await decideAgain(configure(flags), { snapshot, since, now: now() })
  const { requests, flips } = replayed
  const told = {
    policy: snapshot.digest,
    since: since.toISOString(),
    requests,
    flips: flips.map(({ firstAt, lastAt, ...flip }) => ({ ...flip, first_at: firstAt, last_at: lastAt })),
  }
  print(told, flags, () => [replayText(replayed), ...flips.map(flip => `  ${flipText(flip)}`)].join('\n'))
  return flips.length > 0 && flags.detailedExitcode ? DRIFT : 0
}

async function snapshotOnDisk(flags: Flags, configure: Configure): Promise<PolicySnapshot | undefined> {
  const read = await readPolicies(flags, configure)
  if (read?.loaded.kind === 'loaded') return read.loaded.snapshot
  if (read !== undefined)
    console.error(formatDiagnostics(read.loaded.diagnostics, { format: 'pretty', files: read.files }))
  return undefined
}

async function decideAgain(
  config: Config,
  { snapshot, since, now }: { snapshot: PolicySnapshot; since: Date; now: Date },
): Promise<Replayed> {
  const flips = collectFlips()
  let requests = 0
  for await (const { request, decision } of recordedSince(since, { config, now })) {
    requests += 1
    flips.add(request, decision, judge(snapshot, request))
  }
  return { since, requests, flips: flips.list() }
}
