import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, ROOT, type Sandbox, startSandbox } from './sandbox.ts'

const skip = process.env.TEST_LONG === '1' ? false : 'a sandbox that is started again and again: --long'

let folder: string
let sandbox: Sandbox
before(async () => {
  if (skip !== false) return
  folder = mkdtempSync(join(tmpdir(), 'postern-probation-'))
  cpSync(join(ROOT, 'test', 'sandbox', 'policies'), folder, { recursive: true })
  edit(
    'policyset.yaml',
    'default: deny',
    'default: deny\n  onBadPolicyAtBoot: last-known-good\n  reload: { probation: 3s }',
  )
  sandbox = await startSandbox({ policies: folder })
})
after(async () => {
  if (skip !== false) return
  await sandbox.dispose()
  rmSync(folder, { recursive: true, force: true })
})

type Ran = { readonly code: number; readonly said: string }
type Shown = {
  readonly live: { readonly revision: string }
  readonly rejected: { readonly error: string } | null
  readonly degraded: boolean
}

function policy(...args: string[]): Promise<Ran> {
  const all = [join(ROOT, 'app', 'cli.ts'), 'policy', ...args, '--data', sandbox.dataDir]
  const env = { ...process.env, POSTERN_PORT_BASE: String(sandbox.base) }
  return new Promise(resolve =>
    execFile(process.execPath, ['--no-warnings', ...all], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: `${stdout}${stderr}` }),
    ),
  )
}

function edit(file: string, from: string, to: string): void {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  assert.ok(text.includes(from))
  writeFileSync(path, text.replace(from, to))
}

/** Over the control socket: with the policy that does harm no site answers. */
async function status(): Promise<Shown> {
  return JSON.parse((await policy('status', '--json')).said) as Shown
}

const keysAnswer = async () => (await sandbox.api({ path: '/v1/whoami', site: 'keys' })).status
const revision = async () => (await sandbox.api({ path: '/v1/whoami' })).headers['postern-policy']

test('a policy that is right and does harm is taken back by itself, remembered over a restart, and a good one stays', {
  skip,
}, async () => {
  edit('networks.yaml', 'spec:', 'spec:\n  lab: { cidrs: ["10.9.8.0/24"] }')
  const good = await policy('apply')
  assert.equal(good.code, 0, good.said)
  assert.match(good.said, /^r2 is in force: .*, on probation until .*\nr2 has passed its probation$/m)

  // Caddy takes it: no request has a chance to be read in that time.
  edit('edge.yaml', '  basicAuthUsers:', '  limits: { headerTimeout: 1ms }\n  basicAuthUsers:')
  const harmful = await policy('apply')
  assert.equal(harmful.code, 9, harmful.said)
  assert.match(
    harmful.said,
    /^r3 was taken back, the policy before is in force again: PS-7003 .* answered before/m,
  )
  assert.equal(await keysAnswer(), 401, 'the sites answer again')
  assert.equal(await revision(), 'r4')
  const again = await policy('apply')
  assert.equal(again.code, 9, again.said)
  assert.match(again.said, /did harm/)

  await sandbox.stop()
  await sandbox.start()
  assert.equal(await keysAnswer(), 401, 'Caddy began with the part of the policy that is in force')
  assert.equal(await revision(), 'r4')
  assert.match(String((await status()).rejected?.error), /^PS-7003/)
})

test('a start with broken files goes on with the policy of before, loudly, and ends when they are mended', {
  skip,
}, async () => {
  edit('edge.yaml', '  limits: { headerTimeout: 1ms }\n', '')
  edit('access.yaml', 'principals: [limited]', 'principals: [limitde]')
  await sandbox.stop()
  const before = sandbox.log().length
  await sandbox.start()
  const log = sandbox.log().slice(before)
  assert.match(log, /DEGRADED: starting with the last known good policy/)
  assert.match(log, /"event":"policy\.rejected".*"lastKnownGood":true/)
  assert.equal(await revision(), 'r4')
  const shown = await status()
  assert.deepEqual([shown.live.revision, shown.degraded], ['r4', true])
  const metrics = await (await fetch(sandbox.endpoints().metrics)).text()
  assert.match(metrics, /^postern_policy_degraded 1$/m)
  assert.match(metrics, /^postern_policy_reload_total\{result="refused"\} 1$/m)
  await eventually('the webhook of the refusal', async () =>
    (await sandbox.deliveries()).some(
      ({ body }) => body.includes('"policy.rejected"') && body.includes('limitde'),
    )
      ? true
      : undefined,
  )
  edit('access.yaml', 'principals: [limitde]', 'principals: [limited]')
  const mended = await policy('apply', '--no-wait')
  assert.equal(mended.code, 0, mended.said)
  assert.equal((await status()).degraded, false)
})
