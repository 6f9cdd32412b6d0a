import { writeFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { readPolicyFolder } from '../../config/policy-folder.ts'
import { readPolicyRevision } from '../../config/policy-revision.ts'
import { PosternError } from '../../lib/error.ts'
import type { PolicyFile } from '../../model/policy-file.ts'
import { formatDiagnostics } from '../../policy/format/format.ts'
import { type LoadOutcome, loadPolicy } from '../../policy/load.ts'
import { asJson, type PlanSources } from '../../policy/plan/format/json.ts'
import { asMarkdown } from '../../policy/plan/format/markdown.ts'
import { asText } from '../../policy/plan/format/text.ts'
import { type Plan, planOf } from '../../policy/plan/plan.ts'
import type { PolicySnapshot } from '../../policy/snapshot.ts'
import { BLOCKED, CHECK_FAILED, type Configure, collect, readPolicies, WITHOUT_SECRETS } from './read.ts'

const FORMATS = ['text', 'json', 'markdown'] as const
const GIT = 'git:'
/** Exit codes of policy.md section 3. */
const CHANGES = 5

type Flags = {
  readonly policies?: string
  readonly against: string
  readonly out?: string
  readonly format: (typeof FORMATS)[number]
  readonly json?: true
  readonly detailedExitcode?: true
  readonly tag: readonly string[]
}

/** `postern policy plan`. */
export function planCommand(configure: Configure): Command {
  return new Command('plan')
    .description(
      'say what the policy files change in what may be done; exit 0, 3 when a side fails, 6 when blocked',
    )
    .option('--policies <dir>', 'policy folder (default: policies/)')
    .option(
      '--against <source>',
      'what they are compared with: a folder, or git:REF of the same folder',
      'git:HEAD',
    )
    .option('-o, --out <file>', 'write the plan to a file, with the digests that it holds for')
    .addOption(new Option('--format <format>', 'how to print the plan').choices(FORMATS).default('text'))
    .option('--json', 'the same as --format json')
    .option('--detailed-exitcode', 'exit 5 when something changes')
    .option('--tag <name>', 'a tag that guardrails ask for (may be given again)', collect, [])
    .addHelpText('after', '\nExample:\n  ./postern policy plan --against git:origin/main --format markdown\n')
    .action(async (flags: Flags) => {
      process.exitCode = await plan(flags, configure)
    })
}

async function plan(flags: Flags, configure: Configure): Promise<number> {
  const read = await readPolicies(flags, configure, 'without-secrets')
  if (read === undefined) return CHECK_FAILED
  const { policiesDir } = read.config
  const before = await filesOf(flags.against, policiesDir)
  if (before === undefined) return CHECK_FAILED
  const to = snapshotOf(read.loaded, read.files)
  const from = snapshotOf(loadPolicy(before, WITHOUT_SECRETS), before, flags.against)
  if (from === undefined || to === undefined) return CHECK_FAILED
  const made = planOf({ from, to }, { tags: flags.tag })
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
async function filesOf(against: string, policiesDir: string): Promise<readonly PolicyFile[] | undefined> {
  try {
    return against.startsWith(GIT)
      ? await readPolicyRevision(policiesDir, against.slice(GIT.length))
      : await readPolicyFolder(against)
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
