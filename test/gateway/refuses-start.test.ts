import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ROOT, type Sandbox, startSandbox } from './sandbox.ts'

const SANDBOX_POLICIES = join(ROOT, 'test', 'sandbox', 'policies')
const EX_CONFIG = 78
let folder: string
let sandbox: Sandbox

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-refuses-'))
  sandbox = await startSandbox()
})
after(async () => {
  await sandbox.dispose()
  rmSync(folder, { recursive: true, force: true })
})

type End = { readonly code: number | null; readonly stderr: string }

/** Runs `up` until it ends by itself. */
function up(args: readonly string[], env: Record<string, string> = {}): Promise<End> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [join(ROOT, 'app', 'cli.ts'), 'up', ...args], {
      env: { ...process.env, POSTERN_PORT_BASE: String(sandbox.base), ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 60_000,
    })
    let stderr = ''
    child.stderr.on('data', chunk => (stderr += chunk))
    child.once('exit', code => resolve({ code, stderr }))
  })
}

const inFolder = (name: string) => ['--sandbox', '--data', join(folder, name, 'data')]

test('three mistakes in the policies give three errors with file, line and column, and exit 78', async () => {
  const policies = join(folder, 'policies')
  cpSync(SANDBOX_POLICIES, policies, { recursive: true })
  const spoil = (name: string, from: RegExp, to: string) => {
    const path = join(policies, name)
    const text = readFileSync(path, 'utf8')
    assert.match(text, from, `${name} has nothing to spoil`)
    writeFileSync(path, text.replace(from, to))
  }
  spoil('access.yaml', /accounts: \[main\]/, 'accounts: [mian]')
  spoil('networks.yaml', /cidrs: \[/, 'cidrs: ["300.1.2.3/8", ')
  spoil('accounts.yaml', /displayName:/, 'dispalyName:')
  const { code, stderr } = await up([...inFolder('three'), '--policies', policies])
  assert.equal(code, EX_CONFIG, stderr)
  for (const name of ['access.yaml', 'networks.yaml', 'accounts.yaml']) {
    assert.match(stderr, new RegExp(`${name}:\\d+:\\d+`), stderr)
  }
  assert.equal([...stderr.matchAll(/error\[PS-\d{4}\]/g)].length, 3, stderr)
  assert.equal(existsSync(join(folder, 'three', 'data', 'run', 'endpoints.json')), false)
})

test('a missing policy folder ends with 78 and names the folder', async () => {
  const { code, stderr } = await up([...inFolder('nowhere'), '--policies', join(folder, 'no-such-folder')])
  assert.equal(code, EX_CONFIG, stderr)
  assert.match(stderr, /no-such-folder/)
})

test('an unknown POSTERN_ name ends with 78 and suggests the right one', async () => {
  const { code, stderr } = await up(inFolder('env'), { POSTERN_LOG_LEVLE: 'debug' })
  assert.equal(code, EX_CONFIG, stderr)
  assert.match(stderr, /POSTERN_LOG_LEVEL/)
})

test('a port in use is named, with the remedy', async () => {
  const { code, stderr } = await up(inFolder('port'))
  assert.equal(code, 1, stderr)
  assert.match(stderr, new RegExp(`ports? .*${sandbox.base + 43}`))
  assert.match(stderr, /POSTERN_PORT_BASE/)
})

test('a data folder of a running appliance is refused', async () => {
  const { code, stderr } = await up(['--sandbox', '--data', sandbox.dataDir], {
    POSTERN_PORT_BASE: String(
      sandbox.base === 20_000 ? 50_000 : sandbox.base + 100 > 50_000 ? 19_000 : 51_000,
    ),
  })
  assert.equal(code, 1, stderr)
  assert.match(stderr, /running/)
  assert.equal((await sandbox.api({ path: '/v1/whoami' })).status, 200)
})

test('a binary that is no Caddy is refused in one sentence', async () => {
  const fake = join(folder, 'not-caddy')
  writeFileSync(fake, '#!/bin/sh\necho 2.6.2\n')
  chmodSync(fake, 0o755)
  const { code, stderr } = await up(inFolder('caddy'), { POSTERN_CADDY: fake, POSTERN_PORT_BASE: '52000' })
  assert.notEqual(code, 0)
  assert.match(stderr, /2\.11\.4/)
})

test('a wrong master key ends with 78 and changes nothing; the right one starts again', async () => {
  const keyFile = join(sandbox.folder, 'secrets', 'master.key')
  const right = readFileSync(keyFile)
  assert.equal(await sandbox.stop(), 0)
  rmSync(keyFile)
  const missing = await up(['--sandbox', '--data', sandbox.dataDir])
  assert.equal(missing.code, EX_CONFIG, missing.stderr)
  assert.match(missing.stderr, /master/)
  writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o400 })
  const wrong = await up(['--sandbox', '--data', sandbox.dataDir])
  assert.equal(wrong.code, EX_CONFIG, wrong.stderr)
  assert.match(wrong.stderr, /key/)
  rmSync(keyFile)
  writeFileSync(keyFile, right, { mode: 0o400 })
  await sandbox.start()
  assert.equal(JSON.parse((await sandbox.api({ path: '/v1/accounts/main' })).text).state, 'open')
})

test('a data folder of the sandbox is not opened without --sandbox', async () => {
  assert.equal(await sandbox.stop(), 0)
  const { code, stderr } = await up(['--data', sandbox.dataDir, '--policies', SANDBOX_POLICIES])
  assert.equal(code, EX_CONFIG, stderr)
  assert.match(stderr, /--sandbox/)
  await sandbox.start()
})
