import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const PROGRAM = join(import.meta.dirname, 'programs', 'talkative.ts')
const SECRETS = [
  'Closing session',
  'a root key',
  'said to the console',
  'written to stdout',
  'written to stderr',
  'said in a thread',
  'written in a thread',
]

function run(mode: string): { stdout: string; stderr: string } {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--no-warnings', PROGRAM, mode], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return { stdout, stderr }
}

test('with its output closed a process says nothing but its log and its own last words', () => {
  const { stdout, stderr } = run('closed')
  for (const secret of SECRETS) assert.ok(!`${stdout}${stderr}`.includes(secret), secret)
  assert.equal(stderr, 'last words\n')
  const events = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line).event)
  assert.equal(events.at(-1), 'the.end')
  assert.ok(events.includes('library.console'))
  assert.ok(events.includes('library.output'))
})

test('with its output open all of it is seen, and with the console muted what goes another way', () => {
  const open = run('open')
  for (const secret of SECRETS) assert.ok(`${open.stdout}${open.stderr}`.includes(secret), secret)
  const muted = run('muted')
  const seen = SECRETS.filter(secret => `${muted.stdout}${muted.stderr}`.includes(secret))
  assert.ok(!seen.includes('said to the console'))
  assert.ok(seen.includes('written to stdout'))
})
