import assert from 'node:assert/strict'
import { mock } from 'node:test'
import type { Command } from 'commander'
import type { RunningDeps } from '../../app/cli/running.ts'
import { loadConfig } from '../../app/config/config.ts'

export type Printed = { readonly code: number; readonly out: string; readonly err: string }

/** Runs one command in this process against the appliance of a data folder, and gives what it printed and its exit code. */
export async function runCommand(
  make: (deps: RunningDeps) => Command,
  dataDir: string,
  args: readonly string[],
): Promise<Printed> {
  const [out, err]: [string[], string[]] = [[], []]
  const log = mock.method(console, 'log', (line: string) => out.push(line))
  const error = mock.method(console, 'error', (line: string) => err.push(line))
  const before = process.exitCode
  process.exitCode = 0
  try {
    await make({ configure: () => configFor(dataDir) }).parseAsync(args, { from: 'user' })
    return { code: Number(process.exitCode), out: out.join('\n'), err: err.join('\n') }
  } finally {
    process.exitCode = before
    log.mock.restore()
    error.mock.restore()
  }
}

function configFor(data: string) {
  const loaded = loadConfig({ env: {}, root: '/', flags: { data } })
  assert.ok(loaded.kind === 'loaded')
  return loaded.config
}
