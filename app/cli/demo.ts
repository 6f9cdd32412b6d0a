import { Command } from 'commander'

export type DemoFlags = { readonly json: boolean; readonly keep: boolean }

/** `postern demo`. `run` answers the exit code. */
export function demoCommand(run: (flags: DemoFlags) => Promise<number>): Command {
  return new Command('demo')
    .description('bring the whole appliance up against a simulated WhatsApp and show that it works')
    .option('--json', 'print the steps as JSON', false)
    .option('--keep', 'leave the appliance running and its folder in place, until Ctrl-C', false)
    .addHelpText('after', '\nExample:\n  ./postern demo --json\n')
    .action(async (flags: DemoFlags) => {
      process.exitCode = await run(flags)
    })
}
