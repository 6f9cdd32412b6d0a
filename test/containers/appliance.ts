import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, loadConfig } from '../../app/config/config.ts'
import { readMasterKey } from '../../app/config/master-key.ts'
import { ensureBasicPassword, ensureSandboxSecrets } from '../../app/identity/first-start.ts'
import { ensurePki } from '../../app/identity/pki/ensure.ts'
import type { Endpoints } from '../../app/supervise/endpoints.ts'
import { receiverCaFile, sandboxFolder } from '../../app/supervise/sandbox.ts'
import type { Engine } from './engine.ts'

/** The appliance in containers, with the simulated WhatsApp and the receiver, from the repository's own compose file. */
export type Containers = {
  readonly folder: string
  readonly images: Readonly<Record<'app' | 'proxy' | 'sandbox', string>>
  compose(args: readonly string[]): string
  /** The container's id of a service. */
  id(service: string): string
  /** Where the container of a service is on a network of the project. */
  address(service: string, network: string): string
  endpoints(): Endpoints
  remove(): void
}

const ROOT = join(import.meta.dirname, '../..')
const UID = 10_001
const IMAGES = { app: 'postern-app', proxy: 'postern-proxy', sandbox: 'postern-sandbox' }
const FLAGS =
  '--sandbox --simulator ws://simulator:7070/ws/chat --noise-root /sandbox/simulator/noise-root.pub'

/** Builds the three images from the Dockerfiles. */
export function buildImages(engine: Engine): void {
  const build = ['build', '--quiet', '--network', 'host']
  engine.docker([
    ...build,
    '-f',
    join(ROOT, 'app/Dockerfile'),
    '--target',
    'sandbox',
    '-t',
    IMAGES.sandbox,
    ROOT,
  ])
  engine.docker([
    ...build,
    '-f',
    join(ROOT, 'app/Dockerfile'),
    '--target',
    'production',
    '-t',
    IMAGES.app,
    ROOT,
  ])
  engine.docker([...build, '-f', join(ROOT, 'proxy/Dockerfile'), '-t', IMAGES.proxy, ROOT])
}

/** Lays out the files that `init` and the sandbox would make, and brings everything up until it is healthy. */
export async function bringUp(engine: Engine, project: string): Promise<Containers> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-containers-'))
  const config = await layOut(folder)
  const compose = (args: readonly string[]) => {
    const files = [
      '-f',
      join(ROOT, 'docker-compose.yml'),
      '-f',
      join(import.meta.dirname, 'compose.override.yml'),
    ]
    const place = ['--project-directory', folder, '-p', project, '--env-file', join(folder, '.env')]
    return engine.compose([...files, ...place, '--profile', 'sandbox', ...args])
  }
  const id = (service: string) => compose(['ps', '-q', service]).trim()
  const address = (service: string, network: string) => {
    const format = `{{(index .NetworkSettings.Networks "${project}_${network}").IPAddress}}`
    return engine.docker(['inspect', '-f', format, id(service)]).trim()
  }
  const remove = () => {
    compose(['down', '--volumes', '--timeout', '5'])
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    compose(['up', '--detach', '--no-build', '--wait', '--wait-timeout', '120'])
  } catch (cause) {
    const logs = compose(['logs', '--no-color', '--tail', '40'])
    remove()
    throw new Error(`the containers did not become healthy:\n${logs}`, { cause })
  }
  return {
    folder,
    images: IMAGES,
    compose,
    id,
    address,
    remove,
    endpoints: () => endpointsOf(config, { compose, address }),
  }
}

async function layOut(folder: string): Promise<Config> {
  for (const name of ['data/edge', 'data/caddy', 'data.sandbox/simulator', 'data.sandbox/receiver'])
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 })
  const env = { POSTERN_DATA: join(folder, 'data'), POSTERN_POLICIES: join(folder, 'policies') }
  const loaded = loadConfig({ env, root: ROOT, flags: { sandbox: true } })
  if (loaded.kind === 'faulty') throw new Error(loaded.faults.join('\n'))
  const { config } = loaded
  const now = new Date()
  layOutPolicies(config)
  await ensurePki(config, now)
  readMasterKey(config, false)
  await ensureSandboxSecrets(config, join(sandboxFolder(config), 'clients'), now)
  ensureBasicPassword(config, 'basic-admin')
  const receiver = join(ROOT, 'test/sandbox/receiver.ts')
  execFileSync(process.execPath, [
    '--no-warnings',
    receiver,
    '--prepare',
    '--state',
    join(sandboxFolder(config), 'receiver'),
  ])
  cpSync(receiverCaFile(config), join(config.secretsDir, 'sandbox-receiver-ca.pem'))
  const owner = process.getuid?.() === 0 ? [UID, UID] : [process.getuid?.() ?? UID, process.getgid?.() ?? UID]
  const lines = [
    `POSTERN_UID=${owner[0]}`,
    `POSTERN_GID=${owner[1]}`,
    `POSTERN_SANDBOX=${sandboxFolder(config)}`,
    `POSTERN_APP_FLAGS=${FLAGS}`,
    'POSTERN_SANDBOX_CA=/sandbox/simulator/media-ca.pem',
  ]
  writeFileSync(join(folder, '.env'), `${lines.join('\n')}\n`)
  execFileSync('chown', ['-R', owner.join(':'), folder])
  return config
}

/** The sandbox's policies, admitting the engine's own networks: that is where calls from this machine come from. */
function layOutPolicies({ policiesDir }: Config): void {
  cpSync(join(ROOT, 'test/sandbox/policies'), policiesDir, { recursive: true })
  change(
    join(policiesDir, 'networks.yaml'),
    '"127.0.0.0/8"',
    '"127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"',
  )
  change(join(policiesDir, 'webhooks.yaml'), 'https://127.0.0.1:7072/', 'https://receiver:7072/')
}

function change(file: string, from: string, to: string): void {
  const before = readFileSync(file, 'utf8')
  if (!before.includes(from)) throw new Error(`${file} does not say ${from}`)
  writeFileSync(file, before.replace(from, to))
}

function endpointsOf(
  config: Config,
  { compose, address }: Pick<Containers, 'compose' | 'address'>,
): Endpoints {
  const port = compose(['port', 'caddy', '9443']).trim().split(':').at(-1)
  const client = (file: string) => join(sandboxFolder(config), 'clients', file)
  const receiver = address('receiver', 'egress')
  const simulator = address('simulator', 'egress')
  return {
    ready: true,
    api: `https://localhost:${port}`,
    ca_file: join(config.dataDir, 'edge/edge-ca.pem'),
    clients: { demo: { cert_file: client('demo.pem'), key_file: client('demo.key') } },
    simulator: { url: `ws://${simulator}:7070/ws/chat`, admin: `http://${simulator}:7071` },
    receiver: {
      url: 'https://receiver:7072/',
      deliveries: `http://${receiver}:7073/deliveries`,
      secret_file: join(config.secretsDir, 'sandbox-webhook'),
    },
    policy: '',
    pids: {},
  }
}
