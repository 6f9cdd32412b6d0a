import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type CleanRoot, makeCleanRoot, type RunResult } from './clean-root.ts'

const FIRST_RUN_MS = 8 * 60_000
const SECOND_RUN_MS = 60_000

type Step = { readonly step: string; readonly ok: boolean; readonly ms: number; readonly detail: string }

let root: CleanRoot

before(() => {
  root = makeCleanRoot()
})

after(() => root?.remove())

test('the tour passes on a Debian 12 that has only Node 20 and npm, in a folder with a space in its name', async () => {
  assertTour(await demo({ timeoutMs: FIRST_RUN_MS }))
})

test('the system stayed as it was: Node, its missing library and Caddy are in .runtime/', async () => {
  for (const path of ['.runtime/node/bin/node', '.runtime/lib/libatomic.so.1', '.runtime/caddy/caddy']) {
    assert.ok(root.has(path), path)
  }
  const system = await root.run(
    ['sh', '-c', 'node --version; command -v caddy; ldconfig -p | grep libatomic'],
    {
      timeoutMs: 10_000,
    },
  )
  assert.match(system.stdout, /^v2[0-3]\.[\d.]+\n$/)
})

test('a second tour takes less than a minute and needs no network at all', async () => {
  const second = await demo({ timeoutMs: SECOND_RUN_MS, offline: true })
  assertTour(second)
  assert.ok(second.ms < SECOND_RUN_MS, `${second.ms} ms`)
  assert.doesNotMatch(second.stderr, /getting|installing/)
})

test('an unknown command is a usage error, and help works', async () => {
  assert.equal((await root.run(['./postern', 'no-such-command'], { timeoutMs: 20_000 })).code, 2)
  const help = await root.run(['./postern', '--help'], { timeoutMs: 20_000 })
  assert.equal(help.code, 0)
  assert.match(help.stdout, /demo/)
})

function demo(options: { timeoutMs: number; offline?: boolean }): Promise<RunResult> {
  // Ports of its own: the clean root shares this machine's network.
  return root.run(['./postern', 'demo', '--json'], { ...options, env: { POSTERN_PORT_BASE: '18700' } })
}

function assertTour(result: RunResult): void {
  const said = `exit ${result.code} after ${result.ms} ms\n${result.stdout}\n${result.stderr}`
  assert.equal(result.code, 0, said)
  const steps = JSON.parse(result.stdout) as readonly Step[]
  assert.ok(steps.length >= 6, said)
  assert.deepEqual(
    steps.filter(step => !step.ok),
    [],
    said,
  )
}
