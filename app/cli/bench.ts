import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Argument, Command } from 'commander'

/** `postern bench [NAME] [ARG…]`: one benchmark of test/bench/, or all of them in turn. */
export function benchCommand(root: string): Command {
  const names = benchmarksIn(join(root, 'test', 'bench'))
  return new Command('bench')
    .description('run the benchmarks: how long decisions take, how fast the outbox is')
    .addArgument(new Argument('[name]', 'only this one').choices(names))
    .argument('[arg...]', 'what the benchmark takes: see the head of its file in test/bench/')
    .addHelpText('after', '\nExample:\n  ./postern bench policy\n')
    .action(async (name: string | undefined, args: string[]) => {
      for (const each of name === undefined ? names : [name]) {
        if (name === undefined) console.error(`${each} …`)
        process.exitCode = Math.max(Number(process.exitCode ?? 0), await run(root, each, args))
      }
    })
}

function benchmarksIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [] // an image without the tests
  return readdirSync(folder)
    .filter(file => file.endsWith('.ts'))
    .map(file => file.replace(/\.ts$/, ''))
    .sort()
}

function run(root: string, name: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const program = join(root, 'test', 'bench', `${name}.ts`)
    const child = spawn(process.execPath, ['--no-warnings', program, ...args], { stdio: 'inherit' })
    child.once('error', reject)
    child.once('exit', code => resolve(code ?? 1))
  })
}
