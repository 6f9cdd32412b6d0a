import { Command } from 'commander'
import { readPolicyFolder, rewritePolicyFile } from '../../config/policy-folder.ts'
import { PosternError } from '../../lib/error.ts'
import { formatPolicy } from '../../policy/fmt/format-policy.ts'
import { formatDiagnostics } from '../../policy/format/format.ts'
import { CHECK_FAILED, type Configure } from './read.ts'

type Flags = { readonly policies?: string; readonly check?: true }

/** `postern policy fmt`. */
export function fmtCommand(configure: Configure): Command {
  return new Command('fmt')
    .description(
      'write the files in their canonical layout, comments kept; exit 0, or 3 for what does not parse',
    )
    .option('--check', 'write nothing; name the files that differ, and exit 3 when there are some')
    .option('--policies <dir>', 'policy folder (default: policies/)')
    .addHelpText('after', '\nExample:\n  ./postern policy fmt --check\n')
    .action(async (flags: Flags) => {
      process.exitCode = await format(flags, configure)
    })
}

async function format({ policies, check }: Flags, configure: Configure): Promise<number> {
  const { policiesDir } = configure(policies === undefined ? {} : { policies })
  const files = await readPolicyFolder(policiesDir).catch(unreadable)
  if (files === undefined) return CHECK_FAILED
  const formatted = files.map(file => ({ file, outcome: formatPolicy(file) }))
  const faults = formatted.flatMap(({ outcome }) =>
    outcome.kind === 'unreadable' ? outcome.diagnostics : [],
  )
  if (faults.length > 0) {
    console.error(formatDiagnostics(faults, { format: 'pretty', files }))
    return CHECK_FAILED
  }
  let differ = 0
  for (const { file, outcome } of formatted) {
    if (outcome.kind === 'kept') console.error(`postern: ${file.name} is left as it is: ${outcome.reason}`)
    if (outcome.kind !== 'formatted' || outcome.text === file.text) continue
    differ++
    if (!check) rewritePolicyFile(policiesDir, { name: file.name, text: outcome.text })
    console.log(file.name)
  }
  return check && differ > 0 ? CHECK_FAILED : 0
}

function unreadable(error: unknown): undefined {
  if (!(error instanceof PosternError)) throw error
  console.error(`postern: ${error.message}`)
}
