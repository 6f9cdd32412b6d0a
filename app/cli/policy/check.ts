import { relative } from 'node:path'
import { Command, Option } from 'commander'
import type { Config } from '../../config/config.ts'
import { lintFacts } from '../../config/policy-facts.ts'
import type { Diagnostic } from '../../policy/diagnostic.ts'
import { DIAGNOSTIC_FORMATS, type DiagnosticFormat, formatDiagnostics } from '../../policy/format/format.ts'
import { movePorts } from '../../policy/move-ports.ts'
import type { PolicySnapshot } from '../../policy/snapshot.ts'
import { CHECK_FAILED, type Configure, readPolicies, WITHOUT_SECRETS } from './read.ts'

export type CheckDeps = {
  readonly configure: Configure
  readonly now: () => Date
  /** Asks Caddy about the edge that the policy renders to. Left out where there is no Caddy. */
  readonly validateEdge?: (snapshot: PolicySnapshot, config: Config) => Promise<EdgeVerdict>
}

export type EdgeVerdict = { readonly ok: boolean; readonly error?: string }

type Flags = {
  readonly policies?: string
  readonly format: DiagnosticFormat
  readonly json?: true
  readonly secrets: boolean
}

/** Formats whose readers want a document also when nothing is wrong. */
const WHOLE_DOCUMENTS: readonly DiagnosticFormat[] = ['json', 'sarif', 'junit']

/** `postern policy check`. */
export function checkCommand(deps: CheckDeps): Command {
  const format = new Option('--format <format>', 'how to print what was found')
  return new Command('check')
    .description('check syntax, members, references, secrets and the edge; exit 0 when clean, 3 when not')
    .option('--policies <dir>', 'policy folder (default: policies/)')
    .addOption(format.choices(DIAGNOSTIC_FORMATS).default('pretty'))
    .option('--json', 'the same as --format json')
    .option(
      '--no-secrets',
      'look for no secrets and do not ask Caddy, who needs them: for pipelines that hold none',
    )
    .addHelpText('after', '\nExample:\n  ./postern policy check --policies policies --format plain\n')
    .action(async (flags: Flags) => {
      process.exitCode = await check(flags, deps)
    })
}

async function check(flags: Flags, deps: CheckDeps): Promise<number> {
  const at = deps.now()
  const read = await readPolicies(flags, deps.configure, config =>
    flags.secrets ? lintFacts(config, at) : { ...WITHOUT_SECRETS, lintAt: at },
  )
  if (read === undefined) return CHECK_FAILED
  const { config, files, loaded } = read
  const format = flags.json ? 'json' : flags.format
  const found =
    loaded.kind === 'rejected'
      ? loaded.diagnostics
      : [...loaded.warnings, ...(flags.secrets ? await edgeFaults(loaded.snapshot, config, deps) : [])]
  if (WHOLE_DOCUMENTS.includes(format) || found.length > 0) {
    console.log(
      formatDiagnostics(found, { format, files, folder: asTheRepositoryNamesIt(config.policiesDir) }),
    )
  }
  const failed = found.some(diagnostic => diagnostic.severity === 'error')
  if (!failed && loaded.kind === 'loaded' && format === 'pretty') console.log(cleanText(loaded.snapshot))
  return failed ? CHECK_FAILED : 0
}

/** Relative to where the command runs, as in a pipeline that has just checked the repository out. */
function asTheRepositoryNamesIt(folder: string): string {
  const path = relative(process.cwd(), folder)
  return path.startsWith('..') ? folder : path
}

async function edgeFaults(
  snapshot: PolicySnapshot,
  config: Config,
  { validateEdge }: CheckDeps,
): Promise<readonly Diagnostic[]> {
  const moved = config.portBase === undefined ? snapshot : movePorts(snapshot, config.ports)
  const verdict = await validateEdge?.(moved, config)
  if (verdict === undefined || verdict.ok) return []
  const message = verdict.error ?? 'Caddy refuses the edge of this policy and gives no reason'
  return [{ severity: 'error', code: 'PS-4201', message, file: '.' }]
}

function cleanText({ digest, principals, rules, endpoints, accounts }: PolicySnapshot): string {
  const counted = {
    account: accounts.size,
    principal: principals.size,
    rule: rules.length,
    endpoint: endpoints.size,
  }
  const counts = Object.entries(counted).map(([noun, count]) => `${count} ${noun}${count === 1 ? '' : 's'}`)
  return `The policy is clean: ${counts.join(', ')}. ${digest}`
}
