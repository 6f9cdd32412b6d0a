import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { claimDataFolder } from '../../app/supervise/processes/claim.ts'
import { folderFor } from './world.ts'

const CLAIM = join(import.meta.dirname, '..', '..', 'app', 'supervise', 'processes', 'claim.ts')
const HOLD = `const { claimDataFolder } = await import(${JSON.stringify(CLAIM)})
const claim = claimDataFolder(process.argv[1])
console.log('claimed')
setInterval(() => claim, 1_000)`

test('a data folder has one supervisor; kill -9 gives it free', async t => {
  const folder = folderFor(t)
  const other = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', HOLD, folder])
  t.after(() => other.kill('SIGKILL'))
  await once(other.stdout, 'data')
  assert.throws(() => claimDataFolder(folder), {
    code: 'up.running',
    message: /already: stop it first, or use/,
  })
  writeFileSync(join(folder, 'run', 'endpoints.json'), JSON.stringify({ pids: { up: other.pid } }))
  const named = new RegExp(`as process ${other.pid}: stop it first \\(kill ${other.pid}\\)`)
  assert.throws(() => claimDataFolder(folder), { code: 'up.running', message: named })
  other.kill('SIGKILL')
  await once(other, 'exit')
  claimDataFolder(folder).release()
})

test('a claim that is released can be made again', t => {
  const folder = folderFor(t)
  claimDataFolder(folder).release()
  claimDataFolder(folder).release()
})
