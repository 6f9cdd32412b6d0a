import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ROOT, type Sandbox, startSandbox } from './sandbox.ts'

let folder: string
let sandbox: Sandbox
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-reload-'))
  cpSync(join(ROOT, 'test', 'sandbox', 'policies'), folder, { recursive: true })
  sandbox = await startSandbox({ policies: folder })
})
after(async () => {
  await sandbox.dispose()
  rmSync(folder, { recursive: true, force: true })
})

type Ran = { readonly code: number; readonly stdout: string }

function policy(...args: string[]): Promise<Ran> {
  const all = [join(ROOT, 'app', 'cli.ts'), 'policy', ...args, '--data', sandbox.dataDir]
  const env = { ...process.env, POSTERN_PORT_BASE: String(sandbox.base) }
  return new Promise(resolve =>
    execFile(process.execPath, ['--no-warnings', ...all], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout: `${stdout}${stderr}` }),
    ),
  )
}

function edit(file: string, from: string, to: string): void {
  const path = join(folder, file)
  const before = readFileSync(path, 'utf8')
  assert.ok(before.includes(from))
  writeFileSync(path, before.replace(from, to))
}

test('the app takes an edited policy while it runs, a broken one not, and Caddy agrees to its part first', async () => {
  const { app, caddy } = sandbox.endpoints().pids
  const asked = () => sandbox.api({ path: '/v1/accounts' })
  assert.equal((await asked()).headers['postern-policy'], 'r1')

  edit('networks.yaml', 'spec:', 'spec:\n  lab: { cidrs: ["10.9.8.0/24"] }')
  edit('edge.yaml', 'apiKeys: true, networks: [loopback]', 'apiKeys: true, networks: [lab]')
  const applied = await policy('apply')
  assert.equal(applied.code, 0, applied.stdout)
  assert.match(applied.stdout, /^r2 is in force: sha256:[0-9a-f]{12}, the edge was reloaded$/m)
  assert.equal((await asked()).headers['postern-policy'], 'r2')
  await assert.rejects(
    sandbox.api({ path: '/v1/whoami', site: 'keys' }),
    'Caddy drops who is in no allowed network',
  )

  edit('access.yaml', 'principals: [limited]', 'principals: [limitde]')
  const refused = await policy('apply')
  assert.equal(refused.code, 3, refused.stdout)
  assert.match(refused.stdout, /access\.yaml:\d+:\d+[\s\S]*did you mean "limited"/)
  assert.equal((await asked()).headers['postern-policy'], 'r2')
  const drift = await policy('drift', '--detailed-exitcode')
  assert.equal(drift.code, 5, drift.stdout)

  const back = await policy('rollback')
  assert.equal(back.code, 0, back.stdout)
  assert.equal(
    (await sandbox.api({ path: '/v1/whoami', site: 'keys' })).status,
    401,
    'the site is open again',
  )
  assert.match(
    (await policy('history')).stdout,
    /r3 .*rollback[\s\S]*rejected[\s\S]*r2 .*apply[\s\S]*r1 .*start/,
  )
  const { pids } = sandbox.endpoints()
  assert.deepEqual([pids.app, pids.caddy], [app, caddy], 'nothing was started again')
})

test('a plan against the running appliance is applied as it was made, once, and never of other files', async () => {
  const plan = join(sandbox.folder, 'plan.json')
  edit('access.yaml', 'principals: [limitde]', 'principals: [limited]')
  edit('accounts.yaml', 'displayName:', 'markRead: true\n    displayName:')
  const planned = await policy('plan', '--against', 'live', '--policies', folder, '-o', plan)
  assert.equal(planned.code, 0, planned.stdout)
  assert.match(planned.stdout, /markRead: false -> true/)
  const text = readFileSync(join(folder, 'accounts.yaml'), 'utf8')
  edit('accounts.yaml', 'markRead: true', 'presence: available')
  const other = await policy('apply', plan)
  assert.equal(other.code, 8, other.stdout)
  assert.match(other.stdout, /PS-7004: the files are not those that were planned/)
  writeFileSync(join(folder, 'accounts.yaml'), text)
  const applied = await policy('apply', plan)
  assert.equal(applied.code, 0, applied.stdout)
  assert.match(applied.stdout, /^r4 is in force/m)
  const again = await policy('apply', plan)
  assert.equal(again.code, 8, again.stdout)
  assert.match(again.stdout, /another policy than the one in force/)
})
