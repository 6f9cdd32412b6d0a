import { Command } from 'commander'
import { PosternError } from '../../lib/error.ts'
import { formatDiagnostics } from '../../policy/format/format.ts'
import { movePorts } from '../../policy/move-ports.ts'
import { renderEdge } from '../../policy/render-edge.ts'
import { CHECK_FAILED, type Configure, readPolicies } from './read.ts'

type Flags = { readonly policies?: string }

/** `postern policy render`. */
export function renderCommand(configure: Configure): Command {
  return new Command('render')
    .description(
      'print the part of the Caddy configuration that the policy renders to; exit 0, or 3 when it is faulty',
    )
    .option('--policies <dir>', 'policy folder (default: policies/)')
    .addHelpText('after', '\nExample:\n  ./postern policy render\n')
    .action(async (flags: Flags) => {
      process.exitCode = await render(flags, configure)
    })
}

async function render(flags: Flags, configure: Configure): Promise<number> {
  const read = await readPolicies(flags, configure)
  if (read === undefined) return CHECK_FAILED
  const { config, loaded, files } = read
  if (loaded.kind === 'rejected') {
    console.error(formatDiagnostics(loaded.diagnostics, { format: 'pretty', files }))
    return CHECK_FAILED
  }
  const { snapshot } = loaded
  try {
    const moved = config.portBase === undefined ? snapshot : movePorts(snapshot, config.ports)
    console.log(renderEdge(moved, {}).trimEnd())
    return 0
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    console.error(`postern: ${error.message}`)
    return CHECK_FAILED
  }
}
