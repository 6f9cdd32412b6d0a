import { relative } from 'node:path'
import { Command, Option } from 'commander'
import type { Config } from '../config/config.ts'
import { readPolicyFolder } from '../config/policy-folder.ts'
import { secretState } from '../config/secrets.ts'
import { PosternError } from '../lib/error.ts'
import type { PolicyFile } from '../model/policy-file.ts'
import { codeText } from '../policy/codes.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { DIAGNOSTIC_FORMATS, type DiagnosticFormat, formatDiagnostics } from '../policy/format/format.ts'
import { loadPolicy } from '../policy/load.ts'
import { movePorts } from '../policy/move-ports.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'

export type PolicyDeps = {
  /** Reads the configuration; ends the process itself when the environment is faulty. */
  readonly configure: (flags: { readonly policies?: string }) => Config
  /** Asks Caddy about the edge that the policy renders to. Left out where there is no Caddy. */
  readonly validateEdge?: (snapshot: PolicySnapshot, config: Config) => Promise<EdgeVerdict>
}

export type EdgeVerdict = { readonly ok: boolean; readonly error?: string }

type CheckFlags = { readonly policies?: string; readonly format: DiagnosticFormat; readonly json?: true }

/** Exit codes of policy.md section 3. */
const USAGE = 2
const CHECK_FAILED = 3

/** Formats whose readers want a document also when nothing is wrong. */
const WHOLE_DOCUMENTS: readonly DiagnosticFormat[] = ['json', 'sarif', 'junit']

/** `postern policy`: what can be done with policy files on disk. No running appliance is needed. */
export function policyCommand(deps: PolicyDeps): Command {
  const format = new Option('--format <format>', 'how to print what was found')
  return new Command('policy')
    .description('check policy files and explain their errors')
    .addCommand(
      new Command('check')
        .description('check syntax, members, references, secrets and the edge; exit 0 when clean, 3 when not')
        .option('--policies <dir>', 'policy folder (default: policies/)')
        .addOption(format.choices(DIAGNOSTIC_FORMATS).default('pretty'))
        .option('--json', 'the same as --format json')
        .addHelpText('after', '\nExample:\n  ./postern policy check --policies policies --format plain\n')
        .action(async (flags: CheckFlags) => {
          process.exitCode = await check(flags, deps)
        }),
    )
    .addCommand(
      new Command('explain')
        .description('what an error code means, and what to do')
        .argument('<code>', 'a code such as PS-2107')
        .addHelpText('after', '\nExample:\n  ./postern policy explain PS-2107\n')
        .action((code: string) => {
          process.exitCode = explain(code)
        }),
    )
}

async function check(flags: CheckFlags, deps: PolicyDeps): Promise<number> {
  const config = deps.configure(flags.policies === undefined ? {} : { policies: flags.policies })
  const format = flags.json ? 'json' : flags.format
  let files: readonly PolicyFile[]
  try {
    files = await readPolicyFolder(config.policiesDir)
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    console.error(`postern: ${error.message}`)
    return CHECK_FAILED
  }
  const loaded = loadPolicy(files, { secretState: ref => secretState(config.secretsDir, ref) })
  const found =
    loaded.kind === 'rejected'
      ? loaded.diagnostics
      : [...loaded.warnings, ...(await edgeFaults(loaded.snapshot, config, deps))]
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
  { validateEdge }: PolicyDeps,
): Promise<readonly Diagnostic[]> {
  const moved = config.portBase === undefined ? snapshot : movePorts(snapshot, config.ports)
  const verdict = await validateEdge?.(moved, config)
  if (verdict === undefined || verdict.ok) return []
  const message = `Caddy refuses the edge of this policy: ${verdict.error ?? 'no reason given'}`
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

function explain(code: string): number {
  const text = codeText(code)
  if (text === undefined) {
    console.error(`postern: there is no code ${code}; codes look like PS-2107`)
    return USAGE
  }
  console.log(`${text.title}\n\n${text.explanation}`)
  return 0
}
