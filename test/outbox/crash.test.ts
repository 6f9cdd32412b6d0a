import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../sandbox/running-receiver.ts'

test('sends again, under the same message id, what was being sent when the process was killed', async t => {
  const folder = temporaryFolder(t)
  const ledger = join(folder, 'left')
  const run = async (fate: 'die' | 'live') => {
    const script = join(import.meta.dirname, 'crashing-outbox.ts')
    const child = spawn(process.execPath, [script, join(folder, 'data'), ledger, fate], { stdio: 'inherit' })
    const [code, signal] = await once(child, 'exit')
    return signal ?? code
  }
  assert.equal(await run('die'), 'SIGKILL')
  assert.equal(await run('die'), 'SIGKILL', 'the first goes again, and a second waits behind it')
  assert.equal(await run('live'), 0)
  const [first, again, third, last, ...rest] = readFileSync(ledger, 'utf8').trim().split('\n')
  assert.match(first ?? '', /^3EB0[0-9A-F]{18}$/)
  assert.deepEqual([again, third], [first, first])
  assert.notEqual(last, first)
  assert.deepEqual(rest, [])
})
