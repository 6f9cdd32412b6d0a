import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Command } from 'commander'

/** `postern test [PART…]`: hands over to the test runner of the repository, with what is needed installed. */
export function testCommand(root: string): Command {
  return new Command('test')
    .description('run the test suite: types, structure, lint, unit, gateway, rig, browser, containers, fresh')
    .argument('[part...]', 'only these parts')
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText('after', '\nExample:\n  ./postern test unit gateway\n')
    .action(async (parts: string[]) => {
      process.exitCode = await run(process.execPath, [join(root, 'scripts', 'test.ts'), ...parts], root)
    })
}

function run(command: string, args: readonly string[], cwd: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: 'inherit' })
    child.once('error', reject)
    child.once('exit', code => resolve(code ?? 1))
  })
}
