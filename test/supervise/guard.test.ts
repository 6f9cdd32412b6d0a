import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { folderFor, isAlive, until } from './world.ts'

const SUPERVISOR = join(import.meta.dirname, 'short-lived-supervisor.ts')

type Started = { child: ChildProcess; pids: Record<string, number>; endpoints: string; said: () => string }

async function supervisor(t: TestContext): Promise<Started> {
  const folder = folderFor(t)
  const endpoints = join(folder, 'where it answers.json')
  writeFileSync(endpoints, '{}')
  const child = spawn(process.execPath, ['--no-warnings', SUPERVISOR, folder, endpoints], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr.on('data', chunk => (said += chunk))
  const [line] = await once(child.stdout, 'data')
  return { child, pids: JSON.parse(String(line)), endpoints, said: () => said }
}

/** The shell that guards the parts of `child`. */
function guardOf({ child }: Started): number | undefined {
  const children = readdirSync('/proc').filter(name => /^\d+$/.test(name) && isGuard(name, child.pid))
  return children.map(Number)[0]
}

function isGuard(pid: string, parent: number | undefined): boolean {
  try {
    const isChild = new RegExp(`^PPid:\\s+${parent}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return isChild && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('guard.sh')
  } catch {
    return false
  }
}

test('kill -9 of the supervisor ends its parts and removes the endpoints', async t => {
  const started = await supervisor(t)
  const { quick = 0, slow = 0 } = started.pids
  assert.deepEqual([isAlive(quick), isAlive(slow)], [true, true])
  started.child.kill('SIGKILL')
  await until('the end of the parts', () => !isAlive(quick) && !isAlive(slow))
  assert.equal(existsSync(started.endpoints), false)
  await until('a sentence about it', () => started.said().includes('the supervisor was killed'))
})

test('a supervisor that ends by itself leaves nothing for the guard to do', async t => {
  const started = await supervisor(t)
  const guard = guardOf(started) ?? 0
  assert.equal(isAlive(guard), true)
  started.child.kill('SIGINT')
  const [code] = await once(started.child, 'exit')
  assert.equal(code, 0)
  assert.equal(isAlive(guard), false)
  assert.equal(existsSync(started.endpoints), true) // removing them is the supervisor's own affair
  assert.doesNotMatch(started.said(), /was killed/)
})

test('a guard that is killed is replaced, and the new one knows the parts', async t => {
  const started = await supervisor(t)
  const first = guardOf(started) ?? 0
  process.kill(first, 'SIGKILL')
  await until('another guard', () => ![undefined, first].includes(guardOf(started)))
  const { quick = 0 } = started.pids
  assert.equal(isAlive(quick), true)
  await new Promise(resolve => setTimeout(resolve, 100))
  started.child.kill('SIGKILL')
  await until('the end of the parts', () => !isAlive(quick))
})
