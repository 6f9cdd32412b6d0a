import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadConfig } from '../../app/config/config.ts'
import { readMasterKey } from '../../app/config/master-key.ts'
import { ensureBasicPassword } from '../../app/identity/first-start.ts'
import { ensurePki } from '../../app/identity/pki/ensure.ts'
import { issueClient } from '../../app/identity/pki/issue.ts'
import { mainProcess, startConfined } from './confined.ts'

const ROOT = dirname(dirname(import.meta.dirname))
const UID = 10_001
const WITHIN_MS = 120_000
const skip =
  process.env.TEST_LONG !== '1'
    ? 'starts the app and the edge as the units do: --long'
    : process.getuid?.() !== 0 && 'only root can give up what a unit gives up'

let folder: string
let network: ChildProcess
const running = new Map<'app' | 'edge', ChildProcess>()

before(async () => {
  if (skip !== false) return
  mkdirSync(join(ROOT, '.runtime'), { recursive: true })
  folder = mkdtempSync(join(ROOT, '.runtime', 'units-')) // not in /tmp: each unit has one of its own
  chmodSync(folder, 0o755)
  await layOut()
  network = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && exec sleep 3600'], {
    stdio: 'ignore',
  })
  await eventually('the network', () => inNetwork('ip', 'addr').stdout.includes('127.0.0.1'))
  for (const name of ['app', 'edge'] as const) running.set(name, start(name))
})

after(async () => {
  for (const child of [...running.values(), ...(network === undefined ? [] : [network])]) await end(child)
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

function at(...path: string[]): string {
  return join(folder, ...path)
}

/** As README.md of the units says. */
async function layOut(): Promise<void> {
  const env = { POSTERN_DATA: at('init'), POSTERN_SECRETS: at('etc/secrets') }
  const loaded = loadConfig({ env, root: ROOT, flags: { policies: at('etc/policies') } })
  if (loaded.kind === 'faulty') throw new Error(loaded.faults.join('\n'))
  const { config } = loaded
  cpSync(join(ROOT, 'policies'), config.policiesDir, { recursive: true })
  await ensurePki(config, new Date())
  readMasterKey(config, false)
  ensureBasicPassword(config, 'basic-admin')
  await issueClient(config, { name: 'first-client', now: new Date() })
  for (const name of ['state', 'credentials-app', 'credentials-edge']) mkdirSync(at(name), { mode: 0o755 })
  execFileSync('chmod', ['-R', 'a+rX', at('etc/policies')])
  chmodSync(at('etc'), 0o755)
}

function start(name: 'app' | 'edge'): ChildProcess {
  const caddy = process.env.POSTERN_CADDY ?? join(ROOT, '.runtime/caddy/caddy')
  const unit = readFileSync(join(ROOT, 'scripts/systemd', `postern-${name}.service`), 'utf8')
    .replaceAll('/opt/postern/.runtime/node/bin/node', process.execPath)
    .replaceAll('/opt/postern/.runtime/caddy', dirname(caddy))
    .replaceAll('/opt/postern', ROOT)
    .replaceAll('/etc/postern', at('etc'))
  const own = {
    state: at('state'),
    credentials: at(`credentials-${name}`),
    output: openSync(at(`${name}.log`), 'w'),
  }
  return startConfined({ unit, uid: UID, network: network.pid ?? assert.fail(), ...own })
}

function inNetwork(...command: string[]) {
  const args = [`--net=/proc/${network.pid}/ns/net`, ...command]
  return spawnSync('nsenter', args, { encoding: 'utf8', timeout: 20_000 })
}

/** What a caller is told at the api site. */
function ask(...proof: string[]): string {
  const ca = at('state/postern/edge/edge-ca.pem')
  const how = ['-sS', '--max-time', '10', '--cacert', ca, ...proof]
  const { status, stdout } = inNetwork('curl', ...how, 'https://localhost:9443/v1/whoami')
  return status === 0 ? stdout : `curl ${status}`
}

const pki = (file: string) => at('etc/pki/clients', file)
const proof = () => ['--cert', pki('first-client.pem'), '--key', pki('first-client.key')]

test('what the units start serves under the restrictions that the units ask for', { skip }, async () => {
  await eventually('the edge to answer', () => ask(...proof()).includes('first-client'))
  assert.match(ask(), /^curl (35|55|56)$/, 'without a certificate there is no HTTP')
})

test('both run as nobody special, and can gain nothing', { skip }, () => {
  for (const name of running.keys()) {
    const status = readFileSync(`/proc/${main(name)}/status`, 'utf8')
    assert.match(status, new RegExp(`^Uid:\\t${UID}\\t${UID}\\t${UID}\\t${UID}$`, 'm'), name)
    assert.match(status, /^CapEff:\t0+$/m, name)
    assert.match(status, /^CapBnd:\t0+$/m, name)
    assert.match(status, /^NoNewPrivs:\t1$/m, name)
  }
})

test('even root writes to nothing but what the unit has of its own', { skip }, () => {
  const write = 'for d in "$@"; do touch "$d/attempt" 2>/dev/null && echo "$d" && rm "$d/attempt"; done; true'
  const closed = ['/', '/etc', '/usr', '/var', ROOT, at('etc/policies'), at('etc/secrets')]
  const own = {
    app: ['state/postern', 'state/postern/edge'],
    edge: ['state/postern/edge', 'state/postern/caddy'],
  }
  for (const [name, folders] of Object.entries(own)) {
    const open = [...folders.map(path => at(path)), '/tmp']
    const wrote = inside(name as 'app' | 'edge', 'sh', '-c', write, 'sh', ...closed, ...open)
    assert.deepEqual(wrote.trim().split('\n'), open, name)
  }
})

test('neither sees what belongs to the other', { skip }, () => {
  const list = (name: 'app' | 'edge', path: string) =>
    inside(name, 'ls', '-A', path).trim().split('\n').sort()
  const edge = ['basic-admin', 'client-ca.pem', 'internal-ca.pem', 'proxy.key', 'proxy.pem']
  assert.deepEqual(list('edge', at('credentials-edge')), edge)
  assert.ok(list('app', at('credentials-app')).includes('master.key'))
  assert.deepEqual(list('edge', at('state/postern')), ['caddy', 'edge'])
  assert.ok(list('app', at('state/postern')).includes('postern.db'))
  assert.deepEqual(list('app', at('state/postern/caddy')), [''])
  assert.ok(list('edge', at('state/postern/caddy')).includes('current.caddy'))
  assert.deepEqual(list('app', '/dev'), ['full', 'null', 'random', 'urandom', 'zero'])
})

function main(name: 'app' | 'edge'): number {
  return (
    mainProcess(running.get(name)?.pid ?? assert.fail()) ?? assert.fail(`${name} has ended: ${logOf(name)}`)
  )
}

/** As root, in the file systems of the unit. */
function inside(name: 'app' | 'edge', ...command: string[]): string {
  const args = [`--mount=/proc/${main(name)}/ns/mnt`, ...command]
  return execFileSync('nsenter', args, { encoding: 'utf8', timeout: 20_000 })
}

function logOf(name: 'app' | 'edge'): string {
  return readFileSync(at(`${name}.log`), 'utf8')
    .split('\n')
    .slice(-15)
    .join('\n')
}

/** Who gives up its user does not die with who started it any more: the command is told itself, and its namespace ends with it. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const pid = mainProcess(child.pid ?? 0) ?? child.pid ?? assert.fail()
  const gone = new Promise(resolve => child.once('exit', resolve))
  process.kill(pid, 'SIGTERM')
  const late = setTimeout(() => process.kill(pid, 'SIGKILL'), 15_000)
  await gone
  clearTimeout(late)
}

async function eventually(what: string, look: () => boolean): Promise<void> {
  const deadline = Date.now() + WITHIN_MS
  while (!look()) {
    if (Date.now() > deadline)
      throw new Error(`waited in vain for ${what}:\n${logOf('app')}\n${logOf('edge')}`)
    await sleep(500)
  }
}
