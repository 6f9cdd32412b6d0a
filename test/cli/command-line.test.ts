import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Command } from 'commander'
import { programFor, withSubcommands } from '../../app/cli/program.ts'

const CLI = join(import.meta.dirname, '..', '..', 'app', 'cli.ts')
const USAGE = 2
const HANGS_AFTER_MS = 60_000

type End = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs the command line as a person does, in a folder that is not the repository. */
function postern(args: readonly string[], env: Record<string, string> = {}): Promise<End> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: HANGS_AFTER_MS,
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', chunk => (stdout += chunk))
    child.stderr.on('data', chunk => (stderr += chunk))
    child.once('error', reject)
    child.once('close', code => resolve({ code, stdout, stderr }))
  })
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-command-line-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('the help of every command has an example of it', async () => {
  const leaves = withSubcommands(await programFor([])).filter(command => command.commands.length === 0)
  assert.ok(leaves.length > 20)
  for (const command of leaves) {
    const name = nameOf(command)
    let help = ''
    command.configureOutput({ writeOut: text => (help += text) }).outputHelp()
    assert.match(help, new RegExp(`Example:\\n {2}./${name} ?`), name)
  }
})

test('help ends with 0', async () => {
  const { code, stdout } = await postern(['policy', 'check', '--help'])
  assert.equal(code, 0)
  assert.match(stdout, /^Usage: postern policy check/)
})

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

const WRONG_USAGE = [
  ['frobnicate'],
  ['up', '--nope'],
  ['up', 'extra'],
  ['policy'],
  ['pki', 'issue'],
  ['send', 'main'],
  [],
]

for (const args of WRONG_USAGE) {
  test(`wrong usage ends with 2 and says what is possible: postern ${args.join(' ')}`, async () => {
    const { code, stdout, stderr } = await postern(args)
    assert.equal(code, USAGE)
    assert.equal(stdout, '')
    assert.match(stderr, /Usage: postern/)
  })
}

test('a data folder that cannot be made is told with its path and a remedy', async t => {
  const file = join(folderFor(t), 'a-file')
  writeFileSync(file, '')
  for (const args of [
    ['up', '--sandbox', '--data', file],
    ['pki', 'init', '--data', join(file, 'data')],
  ]) {
    const { code, stderr } = await postern(args)
    assert.equal(code, 1, stderr)
    assert.match(stderr, /^postern: .*a-file.* name another$/m)
    assert.doesNotMatch(stderr, /ENOTDIR|EEXIST/)
  }
})

test('a temporary folder that is missing is told with its path and a remedy', async () => {
  const { code, stderr } = await postern(['demo'], { TMPDIR: '/nonexistent' })
  assert.equal(code, 1)
  assert.match(stderr, /^postern: \/nonexistent\/.* is missing: make it, or name another$/m)
})

test('a demo that fails before it starts leaves no folder behind', async t => {
  const folder = folderFor(t)
  const { code } = await postern(['demo'], { TMPDIR: folder, POSTERN_CADDY: '/bin/true' })
  assert.equal(code, 1)
  assert.deepEqual(readdirSync(folder), [])
})

for (const args of [
  ['account', 'list'],
  ['message', 'show', 'obx_1'],
  ['send', 'main', '+12025550100', 'hi'],
]) {
  test(`${args[0]} says so when no appliance is running`, async t => {
    const { code, stdout, stderr } = await postern([...args, '--json', '--data', folderFor(t)])
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /is not running: start it with \.\/postern up/)
  })
}
