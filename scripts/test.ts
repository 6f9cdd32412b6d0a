import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { meet } from './testing/needs.ts'
import { filesOf, PARTS, type Part } from './testing/parts.ts'
import { runFiles } from './testing/run-files.ts'
import { add, inWords, NOTHING, type Tally } from './testing/tally.ts'

const ROOT = dirname(import.meta.dirname)
const TOOL_TIMEOUT_MS = 5 * 60_000
/** How much longer a file may take when it runs what takes minutes. */
const LONG_PATIENCE = 5

const USAGE = `usage: ./postern test [--long] [PART…]

  parts: ${PARTS.map(part => part.name).join(' ')} (all of them when none is named)
  --long: also the tests that take minutes

Example: ./postern test types unit`

const code = await main(process.argv.slice(2))
process.exit(code) // a test's leftover handle must not keep the runner

async function main(args: readonly string[]): Promise<number> {
  const names = args.filter(arg => arg !== '--long')
  if (names.some(name => name === '--help' || name === '-h')) {
    console.log(USAGE)
    return 0
  }
  const unknown = names.filter(name => !PARTS.some(part => part.name === name))
  if (unknown.length > 0) {
    console.error(`postern test: there is no part ${unknown.join(', ')}\n${USAGE}`)
    return 2
  }
  prepareEnvironment(args.includes('--long'))
  let total = NOTHING
  for (const part of PARTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const startedAt = Date.now()
    console.log(`${part.name} …`)
    const tally = part.kind === 'tool' ? runTool(part) : await runPart(part)
    console.log(`${part.name}: ${inWords(tally)} (${Math.round((Date.now() - startedAt) / 1_000)} s)`)
    total = add(total, tally)
  }
  console.log(inWords(total))
  return total.failed === 0 ? 0 : 1
}

/** Tests find `node` and Caddy as they would behind the launcher, and the commands that root finds. */
function prepareEnvironment(long: boolean): void {
  const { env } = process
  env.PATH = [dirname(process.execPath), env.PATH, '/usr/sbin', '/sbin'].join(delimiter)
  const caddy = join(ROOT, '.runtime/caddy/caddy')
  if (env.POSTERN_CADDY === undefined && existsSync(caddy)) env.POSTERN_CADDY = caddy
  if (long) env.TEST_LONG = '1'
}

function runTool({ args }: Part & { kind: 'tool' }): Tally {
  const { status } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: TOOL_TIMEOUT_MS,
  })
  return { ...NOTHING, ...(status === 0 ? { passed: 1 } : { failed: 1 }) }
}

async function runPart(part: Part & { kind: 'files' }): Promise<Tally> {
  const files = filesOf(ROOT, part)
  if (files.length === 0) return skip('it has no tests yet')
  const obstacle = meet(part.needs)
  if (obstacle !== undefined) return skip(obstacle)
  const patience = process.env.TEST_LONG === undefined ? 1 : LONG_PATIENCE
  return await runFiles(files, { root: ROOT, ...part, fileTimeoutMs: patience * part.fileTimeoutMs })
}

function skip(reason: string): Tally {
  console.log(`  skipped: ${reason}`)
  return { ...NOTHING, skipped: 1 }
}
