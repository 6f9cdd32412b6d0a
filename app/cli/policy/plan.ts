import { writeFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import type { Config } from '../../config/config.ts'
import { readPolicyFolder } from '../../config/policy-folder.ts'
import { readPolicyRevision } from '../../config/policy-revision.ts'
import { PosternError } from '../../lib/error.ts'
import type { DecisionRequest } from '../../model/decision.ts'
import type { PolicyFile } from '../../model/policy-file.ts'
import { formatDiagnostics } from '../../policy/format/format.ts'
import { type LoadOutcome, loadPolicy } from '../../policy/load.ts'
import type { Sides } from '../../policy/plan/field.ts'
import { asJson, type PlanSources } from '../../policy/plan/format/json.ts'
import { asMarkdown } from '../../policy/plan/format/markdown.ts'
import { asText } from '../../policy/plan/format/text.ts'
import { type Plan, planOf } from '../../policy/plan/plan.ts'
import { type Replayed, replay } from '../../policy/plan/replay.ts'
import { duration } from '../../policy/shape/notation.ts'
import type { PolicySnapshot } from '../../policy/snapshot.ts'
import { tellControl } from '../control.ts'
import {
  BLOCKED,
  CHECK_FAILED,
  collect,
  type PolicyFlags,
  readPolicies,
  USAGE,
  WITHOUT_SECRETS,
} from './read.ts'
import { type Recorded, recordedSince } from './recorded.ts'

const FORMATS = ['text', 'json', 'markdown'] as const
const GIT = 'git:'
const LIVE = 'live'
/** How far back the plan looks when it is not told. */
const LATELY = '24h'
/** Exit codes of policy.md section 3. */
const CHANGES = 5

type Flags = {
  readonly policies?: string
  readonly data?: string
  readonly against: string
  readonly since?: string
  readonly out?: string
  readonly format: (typeof FORMATS)[number]
  readonly json?: true
  readonly detailedExitcode?: true
  readonly tag: readonly string[]
}

export type PlanDeps = {
  readonly configure: (flags: PolicyFlags & { readonly data?: string }) => Config
  readonly now: () => Date
}

/** `postern policy plan`. */
export function planCommand(deps: PlanDeps): Command {
  return new Command('plan')
    .description(
      'say what the policy files change in what may be done; exit 0, 3 when a side fails, 6 when blocked',
    )
    .option('--policies <dir>', 'policy folder (default: policies/)')
    .option('--data <dir>', 'data folder of the running appliance, for --against live (default: data/)')
    .option(
      '--against <source>',
      'what they are compared with: a folder, git:REF of the same folder, or live: the running appliance',
      'git:HEAD',
    )
    .option(
      '--since <duration>',
      'decide again what the running appliance has recorded for so long (with --against live: 24h)',
    )
    .option('-o, --out <file>', 'write the plan to a file, with the digests that it holds for')
    .addOption(new Option('--format <format>', 'how to print the plan').choices(FORMATS).default('text'))
    .option('--json', 'the same as --format json')
    .option('--detailed-exitcode', 'exit 5 when something changes')
    .option('--tag <name>', 'a tag that guardrails ask for (may be given again)', collect, [])
    .addHelpText('after', '\nExample:\n  ./postern policy plan --against git:origin/main --format markdown\n')
    .action(async (flags: Flags) => {
      process.exitCode = await plan(flags, deps)
    })
}

async function plan(flags: Flags, { configure, now }: PlanDeps): Promise<number> {
  const sinceMs = duration.parse(flags.since ?? LATELY)
  if (sinceMs === undefined) {
    console.error(`postern: --since: expected ${duration.expected}, got "${flags.since}"`)
    return USAGE
  }
  const withData = (chosen: PolicyFlags) =>
    configure({ ...chosen, ...(flags.data ? { data: flags.data } : {}) })
  const read = await readPolicies(flags, withData)
  if (read === undefined) return CHECK_FAILED
  const { policiesDir } = read.config
  const before = await filesOf(flags.against, read.config)
  if (before === undefined) return CHECK_FAILED
  const to = snapshotOf(read.loaded, read.files)
  const from = snapshotOf(loadPolicy(before, WITHOUT_SECRETS), before, flags.against)
  if (from === undefined || to === undefined) return CHECK_FAILED
  const isAsked = flags.since !== undefined || flags.against === LIVE
  const replayed = isAsked
    ? await orFault(() => replayedSince({ from, to }, sinceMs, { config: read.config, now: now() }))
    : undefined
  if (isAsked && replayed === undefined) return CHECK_FAILED
  const made = planOf({ from, to }, { tags: flags.tag, ...(replayed && { replayed }) })
  const sources = { old: flags.against, new: policiesDir }
  if (flags.out !== undefined) await writeFile(flags.out, `${asJson(made, sources)}\n`)
  console.log(printed(made, flags.json ? 'json' : flags.format, sources))
  return exitOf(made, flags.detailedExitcode === true)
}

/** What a plan means to a pipeline. */
export function exitOf({ blocked, changes }: Plan, detailed: boolean): number {
  if (blocked.length > 0) return BLOCKED
  return detailed && changes.length > 0 ? CHANGES : 0
}

/** The files to compare with; says so and answers undefined when they cannot be read at all. */
async function filesOf(against: string, config: Config): Promise<readonly PolicyFile[] | undefined> {
  const { policiesDir } = config
  return await orFault(async () => {
    if (against === LIVE)
      return (await tellControl<{ files: PolicyFile[] }>(config, { path: '/v1/policy/files' })).files
    return against.startsWith(GIT)
      ? await readPolicyRevision(policiesDir, against.slice(GIT.length))
      : await readPolicyFolder(against)
  })
}

async function replayedSince(
  sides: Sides,
  sinceMs: number,
  at: { readonly config: Config; readonly now: Date },
): Promise<Replayed> {
  const since = new Date(at.now.getTime() - sinceMs)
  return await replay(sides, since, requestsOf(recordedSince(since, at)))
}

async function* requestsOf(recorded: AsyncIterable<Recorded>): AsyncGenerator<DecisionRequest> {
  for await (const { request } of recorded) yield request
}

/** Undefined, and a sentence, when something else stands in the way than a fault of the program. */
async function orFault<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    console.error(`postern: ${error.message}`)
    return undefined
  }
}

function snapshotOf(
  loaded: LoadOutcome,
  files: readonly PolicyFile[],
  source?: string,
): PolicySnapshot | undefined {
  if (loaded.kind === 'loaded') return loaded.snapshot
  if (source !== undefined)
    console.error(`postern: ${source} does not pass the check, so nothing can be compared with it`)
  console.error(formatDiagnostics(loaded.diagnostics, { format: 'pretty', files }))
  return undefined
}

function printed(made: Plan, format: Flags['format'], sources: PlanSources): string {
  switch (format) {
    case 'text':
      return asText(made)
    case 'json':
      return asJson(made, sources)
    case 'markdown':
      return asMarkdown(made)
  }
}
