import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashPassword } from '../../app/identity/first-start.ts'
import { ask, proofFrom } from '../../app/supervise/ask.ts'
import type { Endpoints } from '../../app/supervise/endpoints.ts'
import { linkMain } from '../../app/supervise/link-main.ts'
import { ensureBaseImages } from '../../scripts/local-images.ts'
import { bringUp, buildImages, type Containers } from './appliance.ts'
import { attemptTests } from './attempts.ts'
import { startEngine } from './engine.ts'

const CONTACT = '+15550109001'
const engine = await startEngine()
const skip = engine === undefined ? 'no Docker engine runs here, and none can be started' : false

describe('in containers', { skip }, () => {
  const project = `postern-test-${process.pid}`
  let containers: Containers
  let endpoints: Endpoints

  before(async () => {
    assert.ok(engine !== undefined)
    ensureBaseImages(caddyBinary(), engine.docker)
    buildImages(engine)
    containers = await bringUp(engine, project)
    endpoints = containers.endpoints()
  })

  after(async () => {
    containers?.remove()
    await engine?.stop()
  })

  test('a text goes through Caddy with a client certificate, and the phone has it', async () => {
    await linkMain(endpoints)
    await simulator('/phones', { number: CONTACT, name: 'Contact' })
    const body = { to: CONTACT, type: 'text', text: { body: 'through three networks' } }
    const sent = await call('/v1/accounts/main/messages', body)
    assert.equal(sent.status, 202, sent.text)
    await eventually('the text in the phone', async () => {
      const inbox = await (await fetch(`${admin()}/phones/${CONTACT}/inbox`)).text()
      return inbox.includes('through three networks')
    })
    await eventually('the webhook at the receiver', async () => {
      const deliveries = await (await fetch(endpoints.receiver?.deliveries ?? '')).text()
      return deliveries.includes('message.sent')
    })
  })

  test('the account is connected again after a restart of the app, without a new QR', async () => {
    containers.compose(['restart', '--timeout', '15', 'app'])
    await eventually('account main to open', async () => {
      const { status, text } = await call('/v1/accounts/main').catch(() => ({ status: 0, text: '' }))
      return status === 200 && text.includes('"state":"open"')
    })
  })

  test('the keys of the sites are there for Caddy, and the app does not see them', () => {
    const names = (service: string, folder: string) =>
      containers.compose(['exec', '-T', service, 'sh', '-c', `find ${folder} -type f 2>&1; true`])
    assert.match(names('caddy', '/caddy'), /root\.key/)
    assert.doesNotMatch(names('app', '/data'), /\/data\/caddy\/./)
  })

  test('a container on the edge network reaches Caddy and not the app, by name or by address', () => {
    const app = { private: containers.address('app', 'private'), egress: containers.address('app', 'egress') }
    const targets = ['caddy:9443', 'caddy:2019', 'app:7080', `${app.private}:7080`, `${app.egress}:7080`]
    assert.deepEqual(connectFrom('edge', targets), [true, false, false, false, false])
    assert.deepEqual(connectFrom('private', ['caddy:9443', 'app:7080']), [true, true])
  })

  test('metrics are read from the private network, and from no other', () => {
    const app = { private: containers.address('app', 'private'), egress: containers.address('app', 'egress') }
    const targets = [`${app.private}:7081`, `${app.egress}:7081`]
    assert.deepEqual(connectFrom('private', ['metrics:7081', ...targets]), [true, true, false])
    for (const network of ['edge', 'egress']) assert.deepEqual(connectFrom(network, targets), [false, false])
  })

  test('the private network has no way out', () => {
    const isInternal = (network: string) =>
      engine?.docker(['network', 'inspect', '-f', '{{.Internal}}', `${project}_${network}`]).trim()
    assert.deepEqual(['private', 'egress', 'edge'].map(isInternal), ['true', 'false', 'false'])
    const outside = `${containers.address('simulator', 'egress')}:7070`
    assert.deepEqual(connectFrom('private', [outside]), [false])
    assert.deepEqual(connectFrom('egress', [outside]), [true])
  })

  for (const service of ['app', 'caddy', 'simulator', 'receiver']) {
    test(`${service} runs as nobody special: not root, no capabilities, nothing to write to but its own folders`, () => {
      const inside = (script: string) => containers.compose(['exec', '-T', service, 'sh', '-c', script])
      const status = inside('cat /proc/1/status')
      assert.match(status, /^Uid:\t10001\t10001/m)
      assert.match(status, /^CapEff:\t0+$/m)
      assert.match(status, /^CapBnd:\t0+$/m)
      assert.match(status, /^NoNewPrivs:\t1$/m)
      assert.match(inside('touch /srv/x 2>&1 || true'), /Read-only file system/)
      assert.equal(inside('touch /tmp/x && echo made'), 'made\n')
    })
  }

  test('only Caddy has published ports', () => {
    for (const service of ['app', 'simulator', 'receiver']) {
      assert.deepEqual(publishedPorts(service), [])
    }
    assert.deepEqual(publishedPorts('caddy'), ['9443/tcp'])
  })

  test('Caddy can read neither the master key nor a client key', () => {
    const files = containers.compose(['exec', '-T', 'caddy', 'ls', '/run/secrets']).trim().split('\n').sort()
    const own = ['basic-admin', 'client-ca.pem', 'internal-ca.pem', 'proxy.key', 'proxy.pem', 'sandbox-basic']
    assert.deepEqual(files, own)
  })

  test('the production image has no native add-on, no package manager and no simulator', () => {
    const addOns = 'find / -xdev -name "*.node" -type f; command -v npm; ls /srv/postern'
    const look = (image: string, how: string) =>
      engine?.docker(['run', '--rm', '--network', 'none', '--entrypoint', 'sh', image, '-c', how])
    assert.equal(look(containers.images.app, addOns), 'app\nnode_modules\npackage.json\n')
    assert.equal(look(containers.images.sandbox, addOns), 'app\nnode_modules\npackage.json\ntest\n')
    const ofTheApp = look(containers.images.sandbox, 'cd /srv/postern/app && find . -type f | sort')
    const shared = './whatsapp/socket/few-chains.ts\n./whatsapp/socket/trials.ts\n'
    assert.equal(ofTheApp, shared, 'all that the simulator shares with it')
  })

  attemptTests(() => {
    assert.ok(engine !== undefined)
    return { engine, containers }
  })

  test('a broken part of the edge is refused with the reason, and the one before stays in force', async () => {
    const good = part('')
    assert.deepEqual(await handOver(good), { ok: true })
    const refused = await handOver(part('\n:1 {\n\tno_such_directive\n}\n'))
    assert.equal(refused.ok, false)
    assert.match(refused.error ?? '', /no_such_directive/)
    assert.equal((await call('/v1/whoami')).status, 200)
  })

  // The last one: another Caddy is published on another port.
  test('a password that was replaced is refused until Caddy is made anew with it', async () => {
    const file = join(containers.folder, 'secrets/sandbox-basic')
    cpSync(file, `${file}.next`)
    execFileSync('chown', [`--reference=${file}`, `${file}.next`])
    writeFileSync(`${file}.next`, `${hashPassword('another')}\n`)
    renameSync(`${file}.next`, file)
    const logs = (service: string) => containers.compose(['logs', '--no-color', service])
    const apply = () => containers.compose(['kill', '--signal', 'HUP', 'app'])
    apply()
    const refused = '/run/secrets/sandbox-basic is another file here than the app has read'
    await eventually('the refusal', async () => logs('caddy').includes(refused))
    assert.doesNotMatch(logs('app'), /edge\.reloaded/)
    const anew = ['--no-build', '--no-deps', '--force-recreate', '--wait', '--wait-timeout', '120']
    containers.compose(['up', '--detach', ...anew, 'caddy'])
    apply()
    await eventually('the app to say so', async () => logs('app').includes('edge.reloaded'))
  })

  function admin(): string {
    return endpoints.simulator?.admin ?? ''
  }

  async function simulator(path: string, body: unknown): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${admin()}${path}`, { method: 'POST', body: JSON.stringify(body), headers })
    assert.ok(answer.ok, await answer.text())
  }

  function call(path: string, body?: unknown): ReturnType<typeof ask> {
    const proof = proofFrom(endpoints.ca_file ?? '', endpoints.clients?.demo)
    return ask({
      url: `${endpoints.api}${path}`,
      proof,
      ...(body === undefined ? {} : { method: 'POST', body }),
    })
  }

  /** Whether each `host:port` takes a connection from a container that is on that network alone. */
  function connectFrom(network: string, targets: readonly string[]): boolean[] {
    const script = `Promise.all(process.argv.slice(1).map(target => new Promise(resolve => {
      const [host, port] = target.split(':')
      const socket = require('node:net').connect({ host, port, timeout: 3000 }, () => resolve(true))
      socket.on('error', () => resolve(false)).on('timeout', () => resolve(false))
    }))).then(found => { console.log(JSON.stringify(found)); process.exit() })`
    const where = ['--network', `${project}_${network}`, '--entrypoint', 'node', containers.images.sandbox]
    return JSON.parse(engine?.docker(['run', '--rm', ...where, '-e', script, ...targets]) ?? '') as boolean[]
  }

  function publishedPorts(service: string): string[] {
    const ports =
      engine?.docker(['inspect', '-f', '{{json .HostConfig.PortBindings}}', containers.id(service)]) ?? ''
    return Object.keys((JSON.parse(ports) as Record<string, unknown> | null) ?? {})
  }

  /** The part that the app rendered, with something after it. */
  function part(suffix: string): string {
    const current = readFileSync(join(containers.folder, 'data/caddy/current.caddy'), 'utf8')
    return `${current}# ${Date.now()}\n${suffix}`
  }

  async function handOver(text: string): Promise<{ ok: boolean; error?: string }> {
    const digest = createHash('sha256').update(text).digest('hex')
    writeFileSync(join(containers.folder, 'data/edge/next', `${digest}.caddy`), text, { mode: 0o644 })
    const result = join(containers.folder, 'data/edge/result', `${digest}.json`)
    await eventually('an answer of the edge side', async () => existsSync(result))
    return JSON.parse(readFileSync(result, 'utf8')) as { ok: boolean; error?: string }
  }
})

function caddyBinary(): string {
  return process.env.POSTERN_CADDY ?? join(import.meta.dirname, '../../.runtime/caddy/caddy')
}

async function eventually(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`waited 30 s for ${what}`)
    await sleep(100)
  }
}
