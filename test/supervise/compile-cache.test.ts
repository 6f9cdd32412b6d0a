import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Config, loadConfig } from '../../app/config/config.ts'
import { compiledFor, FRUGAL } from '../../app/supervise/app-command.ts'
import { createCompiled } from '../../app/supervise/compile-cache.ts'

const COMPILE = `
import { flushCompileCache } from 'node:module'
await import('./start.ts')
flushCompileCache()
process.exit(0)
`

test('each life gets a copy of what is kept, and nothing that an earlier life has left', async t => {
  const config = installation(t)
  const { handOut } = createCompiled(config)
  handOut()
  assert.equal(existsSync(compiledFor(config)), false, 'there was nothing to hand out')
  await compiled(config)
  handOut()
  const first = contents(config)
  assert.ok(
    first.some(file => file.startsWith('v26') || file.startsWith('v24')),
    first.join(),
  )
  const tag = spawnSync(process.execPath, [...FRUGAL, '-p', 'v8.cachedDataVersionTag().toString(16)'])
  const under = String(tag.stdout).trim()
  assert.ok(
    first.some(file => file.includes(under)),
    'compiled under the flags that the app runs under, or V8 would compile it again',
  )
  writeFileSync(join(compiledFor(config), 'planted'), '')
  handOut()
  assert.deepEqual(contents(config), first)
})

test('copies that were made ahead are the same, are used once, and go with the supervisor', async t => {
  const config = installation(t)
  const { handOut, keep, close } = createCompiled(config)
  await Promise.all([keep(), keep()])
  assert.equal(spares(config).length, 2, 'also of what has just been compiled')
  handOut()
  const first = contents(config)
  for (const left of [1, 0, 0]) {
    assert.equal(spares(config).length, left, 'moved, not copied, while there are any')
    writeFileSync(join(compiledFor(config), 'planted'), '')
    handOut()
    assert.deepEqual(contents(config), first)
  }
  await keep()
  assert.equal(spares(config).length, 2)
  await close()
  assert.deepEqual(spares(config), [])
})

test('what a killed supervisor has left is removed by the next one', async t => {
  const config = installation(t)
  const dead = spawnSync('true').pid
  const leftovers = [
    join(config.root, '.runtime', 'compiled-spares', String(dead)),
    `${compiledFor(config)}-7`,
  ]
  const alive = join(config.root, '.runtime', 'compiled-spares', String(process.ppid))
  for (const folder of [...leftovers, alive]) mkdirSync(folder, { recursive: true })
  createCompiled(config)
  assert.deepEqual([...leftovers, alive].map(existsSync), [false, false, true])
})

test('what is kept serves until a file of the app changes; then it is compiled again', async t => {
  const config = installation(t)
  await compiled(config)
  const made = statSync(markOf(config)).mtimeMs
  await compiled(config)
  assert.equal(statSync(markOf(config)).mtimeMs, made)
  const later = new Date(Date.now() + 10) // than the mark of what is kept
  utimesSync(join(config.root, 'app', 'start.ts'), later, later)
  createCompiled(config).handOut()
  assert.equal(existsSync(compiledFor(config)), false)
  writeFileSync(join(config.root, '.runtime', 'compiled', 'stale'), '')
  await compiled(config)
  createCompiled(config).handOut()
  assert.equal(contents(config).includes('stale'), false)
})

test('the app goes without while its files come and go, and with a folder that nobody can write to', async t => {
  const config = installation(t)
  await compiled(config)
  const gone = join(config.root, 'app', 'gone.ts')
  symlinkSync('nowhere', gone)
  createCompiled(config).handOut()
  assert.equal(existsSync(compiledFor(config)), false)
  rmSync(join(config.root, '.runtime'), { recursive: true })
  writeFileSync(join(config.root, '.runtime'), 'no folder')
  await createCompiled(config).keep()
  rmSync(gone)
  await createCompiled(config).keep()
  createCompiled(config).handOut()
  assert.equal(existsSync(compiledFor(config)), false)
})

test('what is being compiled ends with the supervisor', async t => {
  const config = installation(t)
  writeFileSync(join(config.root, 'app', 'compile.ts'), 'setInterval(() => {}, 1_000)\n')
  const { keep, close } = createCompiled(config)
  const keeping = keep()
  await close()
  await keeping
  assert.equal(existsSync(markOf(config)), false)
  assert.deepEqual(spares(config), [])
})

test('a copy that is being made is waited for before copies are removed, and nothing is left', async t => {
  const config = installation(t)
  await compiled(config)
  for (let n = 0; n < 500; n++) writeFileSync(join(config.root, '.runtime', 'compiled', String(n)), '')
  const { keep, close } = createCompiled(config)
  let isCopying = true
  const keeping = keep().then(() => {
    isCopying = false
  })
  // Not a turn longer than the first file takes: a fast disk has copied them all in less than one look of `eventually`.
  while (isCopying && spares(config).length === 0) await setImmediate()
  assert.equal(isCopying, true)
  await close()
  await Promise.resolve() // `keep` has ended, and says so next
  assert.equal(isCopying, false, 'or it would go on writing where everything is removed')
  await keeping
  assert.equal(existsSync(join(config.root, '.runtime', 'compiled-spares', String(process.pid))), false)
})

/** An installation whose app is one small module. */
function installation(t: TestContext): Config {
  const root = mkdtempSync(join(tmpdir(), 'postern-compiled-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const [file, text] of Object.entries({
    'app/compile.ts': COMPILE,
    'app/start.ts': 'export const started: number = 1\n',
    'package-lock.json': '{}',
    'package.json': '{ "type": "module" }',
    'data/run/none': '',
    '.runtime/none': '',
  })) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  const loaded = loadConfig({ env: {}, root, flags: { data: join(root, 'data') } })
  assert.equal(loaded.kind, 'loaded')
  return (loaded as { config: Config }).config
}

async function compiled(config: Config): Promise<void> {
  const { keep, close } = createCompiled(config)
  await keep()
  await close()
  assert.ok(existsSync(markOf(config)))
}

function markOf({ root }: Config): string {
  return join(root, '.runtime', 'compiled', 'made')
}

function spares({ root }: Config): string[] {
  const folder = join(root, '.runtime', 'compiled-spares', String(process.pid))
  return existsSync(folder) ? readdirSync(folder) : []
}

function contents(config: Config): string[] {
  return readdirSync(compiledFor(config), { recursive: true, encoding: 'utf8' }).sort()
}
