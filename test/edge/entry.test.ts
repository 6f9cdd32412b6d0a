import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../app/config/config.ts'
import { hashPassword } from '../../app/identity/first-start.ts'
import { ensurePki } from '../../app/identity/pki/ensure.ts'
import { loopbackAddresses } from '../../app/lib/loopback.ts'
import { replaceFile } from '../../app/lib/replace-file.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import { createEdgeHandshake, type HandshakeDeps, leaveForEdge } from '../../app/reload/edge-handshake.ts'
import { edgeAnswers, exportEdgeCa } from '../../app/supervise/edge.ts'
import { findCaddy } from '../../app/supervise/find-caddy.ts'
import { createTestAuthority } from '../helpers/certificates.ts'
import { basic } from './callers/ask.ts'
import { get, sendRaw } from './raw-request.ts'
import { testConfig, testSnapshot } from './rig.ts'
import { startUpstream, type Upstream } from './upstream.ts'

const PORT_BASE = 28_000
const WITHIN_MS = 60_000
/** What a container or a unit is given at its start, of the secrets folder. */
const GIVEN = ['proxy.pem', 'proxy.key', 'internal-ca.pem', 'client-ca.pem', 'basic-oncall']

let folder: string
let config: Config
let snapshot: PolicySnapshot
let upstream: Upstream
let side: ChildProcess
let takenUp = 0

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-entry-'))
  for (const name of ['tmp', 'data/caddy', 'given']) mkdirSync(join(folder, name), { recursive: true })
  config = testConfig(folder, PORT_BASE)
  snapshot = testSnapshot({ portBase: PORT_BASE })
  await ensurePki(config, new Date())
  setPassword('first')
  upstream = await startUpstream(config)
  leaveForEdge(agreement())
  await startAnew()
})
after(async () => {
  await end()
  await upstream.close()
  rmSync(folder, { recursive: true, force: true })
})

function agreement(): HandshakeDeps {
  return {
    ...{ folder: join(config.dataDir, 'edge'), secretsDir: config.secretsDir, started: snapshot },
    ...{ facts: { loopback: loopbackAddresses() }, hasOwnFiles: true },
    readTrust: () => () => takenUp++,
  }
}

/** Another file in the place of the one before, as editors, `mv` and Git write: whoever holds the one before keeps it. */
function setSecret(name: string, text: string): void {
  replaceFile(join(config.secretsDir, name), text, 0o600)
}

const setPassword = (password: string) => setSecret('basic-oncall', `${hashPassword(password)}\n`)

function handOut(): void {
  for (const name of GIVEN) cpSync(join(config.secretsDir, name), join(folder, 'given', name))
}

/** As a container that is made anew: with the files as they are by now. */
async function startAnew(): Promise<void> {
  await end()
  handOut()
  const caddy = await findCaddy(config, process.env.PATH ?? '')
  const storage = join(config.dataDir, 'caddy')
  side = spawn('sh', ['proxy/entry.sh'], {
    cwd: config.root,
    stdio: 'ignore',
    env: {
      ...{ PATH: `${dirname(caddy)}:/usr/bin:/bin`, TMPDIR: join(folder, 'tmp') },
      ...{ EDGE_FOLDER: join(config.dataDir, 'edge'), EDGE_STORAGE: storage, HOME: storage },
      ...{ EDGE_SECRETS: join(folder, 'given'), EDGE_ADMIN: join(folder, 'caddy.sock') },
      EDGE_UPSTREAM: `127.0.0.1:${config.ports.app}`,
    },
  })
  const deadline = Date.now() + WITHIN_MS
  while (!(await edgeAnswers(config, snapshot.edge))) {
    assert.ok(side.exitCode === null && Date.now() < deadline, 'the edge does not answer')
    await sleep(50)
  }
}

async function end(): Promise<void> {
  if (side === undefined || side.exitCode !== null) return
  const gone = new Promise(resolve => side.once('exit', resolve))
  side.kill()
  await gone
}

/** The statuses at the dashboard with each of the passwords. */
async function told(...passwords: readonly string[]): Promise<unknown> {
  const port = config.ports.dashboard
  const ca = readFileSync(exportEdgeCa(config, snapshot.edge) ?? '', 'utf8')
  const answers = passwords.map(async password => {
    const request = get('/', `localhost:${port}`, [`Authorization: ${basic('oncall', password)}`])
    const answer = await sendRaw(request, { port, ca })
    return answer.kind === 'answered' ? answer.status : answer.reason
  })
  return Promise.all(answers)
}

const SERVED = [200, 401]

test('a password that was replaced where the edge still has the one before is not said to be in force', async () => {
  const edge = createEdgeHandshake(agreement())
  assert.deepEqual(await edge.put(snapshot), { ok: true, reloaded: false })
  setPassword('second')
  const refused = await edge.put(snapshot)
  assert.ok(!refused.ok && !refused.silent)
  assert.match(refused.error, /given\/basic-oncall is another file .*compose up -d --force-recreate caddy/)
  assert.deepEqual([await told('first', 'second'), takenUp], [SERVED, 0])
  assert.notEqual(edge.news(snapshot), undefined, 'is still to come')

  await startAnew()
  assert.deepEqual(await told('second', 'first'), SERVED, 'its own files, whatever the part of before says')
  assert.deepEqual([await edge.put(snapshot), takenUp], [{ ok: true, reloaded: true }, 1])
  assert.equal(edge.news(snapshot), undefined)
})

test('nor is a client CA, or a policy that comes with it, until the edge has it too', async () => {
  const edge = createEdgeHandshake(agreement())
  const { hooks: _, ...sites } = snapshot.edge.sites
  const withoutHooks = { ...snapshot, edge: { ...snapshot.edge, sites } }
  setSecret('client-ca.pem', (await createTestAuthority('Next client CA')).cert)
  const before = takenUp
  for (const asked of [snapshot, withoutHooks]) {
    const refused = await edge.put(asked)
    assert.ok(!refused.ok && /given\/client-ca\.pem is another file/.test(refused.error))
  }
  assert.equal(takenUp, before)
  handOut() // as where the edge sees the files themselves
  rmSync(join(folder, 'given', 'basic-oncall'))
  const refused = await edge.put(snapshot)
  assert.ok(!refused.ok && /password are required/.test(refused.error), 'Caddy itself misses what it needs')
  handOut()
  assert.deepEqual([await edge.put(snapshot), takenUp], [{ ok: true, reloaded: true }, before + 1])
})

test('an app that starts while the edge has other files, or cannot read its own, is not told that all is in force', async () => {
  setPassword('third')
  leaveForEdge(agreement())
  const edge = createEdgeHandshake(agreement())
  assert.equal(edge.news(snapshot), undefined, 'nobody knows what the edge has read')
  for (const change of [() => {}, () => rmSync(join(config.secretsDir, 'basic-oncall'))]) {
    change()
    const refused = await edge.put(snapshot)
    assert.ok(!refused.ok && /basic-oncall is another file/.test(refused.error))
  }
  setPassword('third')
})

test('starts with the part that was in force when the app has left none', async () => {
  for (const name of ['next', 'result']) rmSync(join(config.dataDir, 'edge', name), { recursive: true })
  await startAnew()
  assert.deepEqual(await told('third'), [200])
})
