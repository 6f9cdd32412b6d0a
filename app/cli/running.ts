import { Command } from 'commander'
import type { Config } from '../config/config.ts'

/** What commands need that ask the running appliance. */
export type RunningDeps = { readonly configure: (flags: { readonly data?: string }) => Config }

/** The flags of every such command. */
export type RunningFlags = { readonly data?: string; readonly json?: boolean }

/** A command that asks the running appliance, with the flags and the example that each of them has. `example` follows `./postern`. */
export function runningCommand(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .option('--data <dir>', 'data folder of the running appliance (default: data/)')
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExample:\n  ./postern ${example}\n`)
}

/** Prints JSON alone on standard output, or what `text` makes of it for people. */
export function print<T>(value: T, { json }: RunningFlags, text: (value: T) => string): void {
  console.log(json ? JSON.stringify(value) : text(value))
}
