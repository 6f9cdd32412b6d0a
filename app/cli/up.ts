import { Command } from 'commander'

export type UpFlags = {
  readonly sandbox: boolean
  readonly policies?: string
  readonly data?: string
  readonly webhook?: string
}

/** `postern up`. `run` answers the exit code. */
export function upCommand(run: (flags: UpFlags) => Promise<number>): Command {
  return new Command('up')
    .description('run Caddy and the app in the foreground until Ctrl-C')
    .option(
      '--sandbox',
      'add a simulated WhatsApp and a receiver of webhooks, under the sandbox policies',
      false,
    )
    .option('--policies <dir>', 'policy folder (default: policies/, in the sandbox its own set)')
    .option('--data <dir>', 'data folder (default: data/)')
    .addHelpText('after', '\nExample:\n  ./postern up --sandbox --data /tmp/try/data\n')
    .action(async (flags: UpFlags) => {
      process.exitCode = await run(flags)
    })
}
