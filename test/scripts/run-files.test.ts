import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { inTurns, PARTS } from '../../scripts/testing/parts.ts'

const RUNNER = join(import.meta.dirname, '../../scripts/testing/run-files.ts')
const IMPORT = "import { test } from 'node:test'\n"

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-runner-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('counts what passed, failed and was skipped, and tells each failure', async () => {
  const { tally, output } = await runOn({
    good: `${IMPORT}test('a', () => {})\ntest('b', { skip: 'no engine' }, () => {})\n`,
    bad: `${IMPORT}test('c', async t => { await t.test('d', () => { throw new Error('because') }) })\n`,
  })
  assert.deepEqual(tally, { passed: 1, failed: 2, skipped: 1 })
  assert.match(output, /skipped: b \(no engine\)/)
  assert.match(output, /FAILED bad\.test\.ts:2 d\n\s+Error: because/)
  assert.match(output, /AGAIN {2}FAILED bad\.test\.ts:2 d\n\s+Error: because/)
  assert.match(output, /slowest: (good|bad)\.test\.ts \d+ s, (good|bad)\.test\.ts \d+ s$/m)
})

test('a file that cannot be loaded is a failure, with what it said', async () => {
  const { tally, output } = await runOn({ broken: "import './not-there.ts'\n" })
  assert.deepEqual(tally, { passed: 0, failed: 1, skipped: 0 })
  assert.match(output, /not-there\.ts/)
})

test('a file that does not end is ended, and is a failure', async () => {
  const endless = `${IMPORT}test('e', () => {})\nsetInterval(() => {}, 1000)\n`
  const { tally, output } = await runOn({ endless }, { fileTimeoutMs: 2_000 })
  assert.equal(tally.failed, 1)
  assert.match(output, /did not end within 2 s/)
})

test('a test that does not end is told by its name, and what comes after it is done all the same', async () => {
  const hangs = `import { after, test } from 'node:test'
    const started = setInterval(() => {}, 1_000)
    after(() => clearInterval(started))
    test('is stuck', () => new Promise(() => {}))
    test('is not', () => {})`
  const { tally, output } = await runOn({ hangs }, { fileTimeoutMs: 8_000 })
  assert.deepEqual(tally, { passed: 1, failed: 1, skipped: 0 })
  assert.match(output, /FAILED hangs\.test\.ts:4 is stuck\n\s+.*test timed out after 6000ms/)
  assert.doesNotMatch(output, /did not end/)
})

test('files that run side by side know which of them they are', async () => {
  const waits = `${IMPORT}import { existsSync, writeFileSync } from 'node:fs'
    const lanes = [0, 1].map(lane => ${JSON.stringify(folder)} + '/lane-' + lane)
    test('until both are there', async () => {
      writeFileSync(lanes[process.env.TEST_LANE], '')
      while (!lanes.every(lane => existsSync(lane))) await new Promise(resolve => setTimeout(resolve, 10))
    })`
  const { tally } = await runOn({ one: waits, other: waits }, { concurrency: 2 })
  assert.deepEqual(tally, { passed: 2, failed: 0, skipped: 0 })
})

async function runOn(
  sources: Readonly<Record<string, string>>,
  { concurrency = 1, fileTimeoutMs = 60_000 } = {},
) {
  const files = Object.entries(sources).map(([name, source]) => {
    const file = join(folder, `${name}.test.ts`)
    writeFileSync(file, source)
    return file
  })
  const options = JSON.stringify({ root: folder, concurrency, fileTimeoutMs })
  const call = `runFiles(${JSON.stringify(files)}, { ...${options}, onFailure: told => console.log('AGAIN' + told) })`
  const script = `import { runFiles } from ${JSON.stringify(RUNNER)}\nconsole.log(JSON.stringify(await ${call}))`
  const { NODE_TEST_CONTEXT: _, ...env } = process.env // a runner inside a runner would run nothing
  const program = join(folder, 'program.ts')
  writeFileSync(program, script)
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', program], { env })
  const lines = stdout.trim().split('\n')
  const tally = JSON.parse(lines.at(-1) ?? '') as { passed: number; failed: number; skipped: number }
  return { tally, output: lines.join('\n') }
}

test('parts run one after the other, but for those that run beside the one before them', () => {
  const turns = inTurns(PARTS).map(turn => turn.map(({ name }) => name))
  assert.deepEqual(
    turns.flat(),
    PARTS.map(({ name }) => name),
  )
  assert.deepEqual(
    turns.filter(({ length }) => length > 1),
    [['containers', 'fresh', 'browser']],
  )
  const fresh = PARTS.filter(({ name }) => name === 'fresh')
  assert.deepEqual(inTurns(fresh), [fresh], 'alone when it alone is wanted')
})
