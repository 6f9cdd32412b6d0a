import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { claimDataFolder } from '../../app/supervise/processes/claim.ts'
import { portBaseOfOurOwn } from '../helpers/port-base.ts'
import { isAlive } from '../supervise/world.ts'
import { eventually, ROOT, type Sandbox, startSandbox } from './sandbox.ts'

const ALICE = '+15550100001'
/** How long a part may take to be back or up: far longer than it does, because other tests run beside this one. */
const PATIENCE_MS = 90_000
/** Every part is ended by force after ten seconds. */
const ENDS_WITHIN_MS = 60_000
const PARTS = ['app', 'caddy', 'simulator', 'receiver'] as const
let folder: string
let sandbox: Sandbox

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-ends-'))
  sandbox = await startSandbox()
  await sandbox.simulator('/phones', { number: ALICE, name: 'Alice' })
})
after(async () => {
  await sandbox.dispose()
  rmSync(folder, { recursive: true, force: true })
})

type Inbox = { data: { text?: { body: string } }[] }

async function sendAndSee(body: string): Promise<void> {
  const answer = await sandbox.api({
    path: '/v1/accounts/main/messages',
    body: { to: ALICE, type: 'text', text: { body } },
  })
  assert.equal(answer.status, 202, answer.text)
  await eventually(
    `"${body}" in the inbox`,
    async () => {
      const inbox = (await sandbox.simulator(`/phones/${ALICE}/inbox`)) as Inbox
      return inbox.data.some(({ text }) => text?.body === body) ? true : undefined
    },
    PATIENCE_MS,
  )
}

for (const part of PARTS) {
  test(`kill -9 of ${part}: another takes its place, the endpoints name it, messages flow`, async () => {
    const old = sandbox.endpoints().pids[part] ?? 0
    process.kill(old, 'SIGKILL')
    const pid = await eventually(
      `another ${part}`,
      async () => [sandbox.endpoints().pids[part]].find(found => found !== old),
      PATIENCE_MS,
    )
    assert.equal(isAlive(pid ?? 0), true)
    await sendAndSee(`sent after ${part} was killed`)
  })
}

test('another up over the same data folder is refused before it changes anything there', async () => {
  const edge = join(sandbox.dataDir, 'edge', 'current.caddy')
  const was = readFileSync(edge, 'utf8')
  const second = up(sandbox.dataDir, await portBaseOfOurOwn())
  const [code] = await once(second.child, 'exit')
  assert.equal(code, 1, second.said())
  assert.match(second.said(), new RegExp(`already as process ${sandbox.endpoints().pids.up}: stop it first`))
  assert.equal(readFileSync(edge, 'utf8'), was)
  await sendAndSee('sent after another up was refused')
})

test('kill -9 of the supervisor leaves nothing behind, and the next up just starts', async () => {
  const { pids } = sandbox.endpoints()
  process.kill(pids.up ?? 0, 'SIGKILL')
  await eventually('the end of every part', async () =>
    PARTS.some(part => isAlive(pids[part] ?? 0)) ? undefined : true,
  )
  assert.equal(existsSync(join(sandbox.dataDir, 'run', 'endpoints.json')), false)
  await sandbox.start()
  await sendAndSee('sent after the supervisor was killed')
})

const MOMENTS: readonly { when: string; signal: NodeJS.Signals; after: RegExp }[] = [
  { when: 'while keys and policies are checked', signal: 'SIGINT', after: /checking policies/ },
  { when: 'while the parts start', signal: 'SIGTERM', after: /: starting/ },
  { when: 'while the app starts', signal: 'SIGINT', after: /"admin":/ },
  { when: 'while the account is linked, at the end of the terminal', signal: 'SIGHUP', after: /app\.ready/ },
]

for (const { when, signal, after: moment } of MOMENTS) {
  test(`${signal} ${when}: ends with 0 and leaves nothing behind`, async () => {
    const dataDir = join(folder, signal, 'data')
    const base = await portBaseOfOurOwn()
    const { child, said } = up(dataDir, base)
    await eventually(String(moment), async () => (moment.test(said()) ? true : undefined), PATIENCE_MS)
    child.kill(signal)
    const [code] = await once(child, 'close') // a part left behind would hold its output open
    assert.equal(code, 0, said())
    assert.equal(existsSync(join(dataDir, 'run', 'endpoints.json')), false)
    claimDataFolder(dataDir).release()
  })
}

test('Ctrl-C ends everything although something cannot be cleared up, which is told', async () => {
  const dataDir = join(folder, 'uncleared', 'data')
  const { child, said } = up(dataDir, await portBaseOfOurOwn())
  await eventually('it is ready', async () => (/: ready\./.test(said()) ? true : undefined), PATIENCE_MS)
  const file = join(dataDir, 'run', 'endpoints.json')
  rmSync(file)
  mkdirSync(join(file, 'a folder that somebody put there'), { recursive: true })
  child.kill('SIGINT')
  const signal = AbortSignal.timeout(ENDS_WITHIN_MS)
  const [code] = await once(child, 'close', { signal }).finally(() => child.kill('SIGKILL'))
  assert.equal(code, 0, said())
  assert.match(said(), /postern: could not be cleared up: .*endpoints\.json/)
  claimDataFolder(dataDir).release()
})

function up(dataDir: string, base: number): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [join(ROOT, 'app', 'cli.ts'), 'up', '--sandbox', '--data', dataDir], {
    env: { ...process.env, POSTERN_PORT_BASE: String(base) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (output += chunk))
  return { child, said: () => output }
}
