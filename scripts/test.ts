import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readFindings, renderReport } from '../test/rig/report/write.ts'
import { meet } from './testing/needs.ts'
import { filesOf, inTurns, PARTS, type Part } from './testing/parts.ts'
import { runFiles } from './testing/run-files.ts'
import { add, inWords, NOTHING, type Tally } from './testing/tally.ts'

const ROOT = dirname(import.meta.dirname)
const TOOL_TIMEOUT_MS = 5 * 60_000
/** Of what a tool that failed has said. */
const TOLD_AGAIN_LINES = 40

const USAGE = `usage: ./postern test [--long] [--report FILE] [PART…]

  parts: ${PARTS.map(part => part.name).join(' ')} (all of them when none is named)
  --long: also the tests that take minutes
  --report FILE: writes what the part rig has shown to FILE, as Markdown

Example: ./postern test types unit`

/** Told again at the end: where only the end of a long output is kept, the reason of a failure is not lost. */
const failures: string[] = []
const code = await main(process.argv.slice(2))
process.exit(code) // a test's leftover handle must not keep the runner

type Wishes = { readonly names: readonly string[]; readonly long: boolean; readonly report?: string }

async function main(args: readonly string[]): Promise<number> {
  const wishes = readWishes(args)
  if (typeof wishes === 'number') return wishes
  const { names, long, report } = wishes
  prepareEnvironment(long)
  const findings = report === undefined ? undefined : mkdtempSync(join(tmpdir(), 'postern-findings-'))
  if (findings !== undefined) process.env.TEST_REPORT_FOLDER = findings
  let total = NOTHING
  const wanted = PARTS.filter(({ name }) => names.length === 0 || names.includes(name))
  for (const turn of inTurns(wanted)) {
    const tallies = await Promise.all(turn.map(part => runAndTell(part, long)))
    total = tallies.reduce(add, total)
  }
  if (report !== undefined && findings !== undefined) {
    writeFileSync(report, renderReport(readFindings(findings), inWords(total)))
    rmSync(findings, { recursive: true })
  }
  if (failures.length > 0) console.log(`\nwhat failed, once more:\n${failures.join('\n')}\n`)
  console.log(inWords(total))
  return total.failed === 0 ? 0 : 1
}

async function runAndTell(part: Part, long: boolean): Promise<Tally> {
  const startedAt = Date.now()
  console.log(`${part.name} …`)
  const tally = part.kind === 'tool' ? runTool(part) : await runPart(part, long)
  console.log(`${part.name}: ${inWords(tally)} (${Math.round((Date.now() - startedAt) / 1_000)} s)`)
  return tally
}

/** What to run, or the exit code when there is nothing to. */
function readWishes(args: readonly string[]): Wishes | number {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        long: { type: 'boolean', default: false },
        report: { type: 'string' },
      },
    })
    if (values.help === true) {
      console.log(USAGE)
      return 0
    }
    const unknown = positionals.filter(name => !PARTS.some(part => part.name === name))
    if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(', ')}`)
    const report = values.report === undefined ? {} : { report: resolve(values.report) }
    return { names: positionals, long: values.long, ...report }
  } catch (error) {
    console.error(`postern test: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return 2
  }
}

/**
 * Tests find `node` and Caddy as they would behind the launcher, and the commands that root finds. Hundreds of processes
 * load the same modules: all but the first find them stripped of types and compiled.
 */
function prepareEnvironment(long: boolean): void {
  const { env } = process
  env.PATH = [dirname(process.execPath), env.PATH, '/usr/sbin', '/sbin'].join(delimiter)
  const caddy = join(ROOT, '.runtime/caddy/caddy')
  if (env.POSTERN_CADDY === undefined && existsSync(caddy)) env.POSTERN_CADDY = caddy
  env.NODE_COMPILE_CACHE ??= join(ROOT, '.runtime/compile-cache')
  if (long) env.TEST_LONG = '1'
}

function runTool({ name, args }: Part & { kind: 'tool' }): Tally {
  const { status, error, ...said } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: TOOL_TIMEOUT_MS,
    maxBuffer: Number.POSITIVE_INFINITY,
  })
  const all = `${said.stdout}${said.stderr}${error?.message ?? ''}`.trimEnd()
  if (all !== '') console.log(all)
  if (status === 0) return { ...NOTHING, passed: 1 }
  failures.push(`  FAILED ${name}\n${all.split('\n').slice(-TOLD_AGAIN_LINES).join('\n')}`)
  return { ...NOTHING, failed: 1 }
}

async function runPart(part: Part & { kind: 'files' }, long: boolean): Promise<Tally> {
  const files = filesOf(ROOT, part)
  if (files.length === 0) return skip('it has no tests yet')
  const obstacle = meet(part.needs)
  if (obstacle !== undefined) return skip(obstacle)
  const fileTimeoutMs = long ? part.longFileTimeoutMs : part.fileTimeoutMs
  return await runFiles(files, {
    root: ROOT,
    concurrency: part.concurrency,
    fileTimeoutMs,
    onFailure: told => failures.push(told),
  })
}

function skip(reason: string): Tally {
  console.log(`  skipped: ${reason}`)
  return { ...NOTHING, skipped: 1 }
}
