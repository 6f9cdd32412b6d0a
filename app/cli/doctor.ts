import { Command } from 'commander'
import type { Config } from '../config/config.ts'
import type { Verdict } from '../supervise/doctor/verdict.ts'
import { print } from './running.ts'

export type DoctorDeps = {
  readonly configure: (flags: { readonly data?: string }) => Config
  readonly examine: (config: Config) => Promise<readonly Verdict[]>
}

type Flags = { readonly data?: string; readonly json?: boolean }

const FAILED = 1
const WARNED = 3

/** `postern doctor`: exit code 0 when all is well, 1 when something fails, 3 when something is only to be looked at. */
export function doctorCommand(deps: DoctorDeps): Command {
  return new Command('doctor')
    .description(
      'whether all is well: versions and known holes, secrets, certificates, clock, disk, app and accounts',
    )
    .option('--data <dir>', 'data folder (default: data/)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  ./postern doctor --json\n')
    .action(async (flags: Flags) => {
      const data = await deps.examine(deps.configure(flags))
      print({ data }, flags, text)
      process.exitCode = codeOf(data)
    })
}

/** The worst verdict, as an exit code. */
export function codeOf(verdicts: readonly Pick<Verdict, 'verdict'>[]): number {
  const has = (wanted: Verdict['verdict']) => verdicts.some(({ verdict }) => verdict === wanted)
  return has('fail') ? FAILED : has('warn') ? WARNED : 0
}

function text({ data }: { readonly data: readonly Verdict[] }): string {
  return data
    .map(({ verdict, detail, remedy }) => {
      const line = `${verdict.padEnd(4)}  ${detail}`
      return remedy === undefined ? line : `${line}\n      do: ${remedy}`
    })
    .join('\n')
}
