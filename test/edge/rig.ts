import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Config } from '../../app/config/config.ts'
import { hashPassword } from '../../app/identity/first-start.ts'
import { ensurePki } from '../../app/identity/pki/ensure.ts'
import type { Edge, PolicySnapshot, Site } from '../../app/policy/snapshot.ts'
import {
  caddyCommand,
  type EdgeDeps,
  edgeAnswers,
  exportEdgeCa,
  prepareEdge,
} from '../../app/supervise/edge.ts'
import { findCaddy } from '../../app/supervise/find-caddy.ts'
import { servedEdge } from '../../app/supervise/served-edge.ts'
import { type TestAuthority, testAuthority } from '../helpers/certificates.ts'
import { startUpstream, type Upstream } from './upstream.ts'

export const PASSWORD = 'correct horse battery staple'

/** A real Caddy with the repository's Caddyfile. */
export type RunningEdge = {
  readonly config: Config
  readonly deps: EdgeDeps
  readonly snapshot: PolicySnapshot
  /** The root of the sites' certificates, PEM. */
  readonly ca: string
  readonly pid: () => number
  /** What Caddy has written so far: its own log, and the access log. */
  readonly logs: () => string
  /** Ends Caddy with the signal and starts it again with the part in place. */
  readonly restart: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>
  readonly stop: () => Promise<void>
}

/** With a small TLS server behind it that stands where the app would, and the authority that signs for its callers. */
export type Rig = RunningEdge & { readonly upstream: Upstream; readonly clientCa: TestAuthority }

export type RigOptions = {
  /** Its tests' own range: base+40 to base+43 for the sites, base+80 for the app. */
  readonly portBase: number
  readonly edge?: Partial<Edge>
  readonly networks?: Readonly<Record<string, readonly string[]>>
  /** Networks of a site instead of `loopback`. */
  readonly siteNetworks?: Partial<Record<keyof Edge['sites'], readonly string[]>>
}

const READY_WITHIN_MS = 15_000

export async function startRig(options: RigOptions): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'postern edge '))
  const config = testConfig(folder, options.portBase)
  await ensurePki(config, new Date())
  writeFileSync(join(config.secretsDir, 'basic-oncall'), `${hashPassword(PASSWORD)}\n`)
  const upstream = await startUpstream(config)
  const clear = async () => {
    await upstream.close()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const edge = await startEdge(config, testSnapshot(options))
    const clientCa = testAuthority({
      cert: readFileSync(join(config.secretsDir, 'client-ca.pem'), 'utf8'),
      key: readFileSync(join(config.pkiDir, 'client-ca.key'), 'utf8'),
    })
    return { ...edge, upstream, clientCa, stop: () => edge.stop().then(clear) }
  } catch (error) {
    await clear()
    throw error
  }
}

/** Starts Caddy over secrets that lie in their folder; `ports.app` of the config is where it finds the app. */
export async function startEdge(config: Config, snapshot: PolicySnapshot): Promise<RunningEdge> {
  const deps = { config, caddy: await findCaddy(config, process.env.PATH ?? '') }
  await prepareEdge(deps, snapshot)
  let child = await startCaddy(deps)
  const caFile = exportEdgeCa(config, snapshot.edge)
  return {
    ...{ config, deps, snapshot },
    ca: readFileSync(caFile ?? '', 'utf8'),
    pid: () => child.pid ?? 0,
    logs: () => readFileSync(logFile(config), 'utf8'),
    async restart(signal) {
      await end(child, signal)
      child = await startCaddy(deps)
    },
    stop: () => end(child, 'SIGTERM'),
  }
}

/** A config whose folders lie in `folder` and whose root is the repository. */
export function testConfig(folder: string, portBase: number): Config {
  const at = (offset: number) => portBase + offset
  return {
    root: dirname(dirname(import.meta.dirname)),
    dataDir: join(folder, 'data'),
    policiesDir: join(folder, 'policies'),
    secretsDir: join(folder, 'secrets'),
    pkiDir: join(folder, 'pki'),
    masterKeyFile: join(folder, 'secrets', 'master.key'),
    logLevel: 'info',
    portBase,
    ports: {
      api: at(43),
      dashboard: at(42),
      hooks: at(41),
      keys: at(40),
      app: at(80),
      metrics: at(81),
      simulator: at(70),
      simulatorAdmin: at(71),
      receiver: at(72),
      receiverAdmin: at(73),
    },
    sandbox: false,
  }
}

/** Four sites on `localhost`; a user `oncall` on the dashboard; limits small enough to run into. */
export function testSnapshot(options: RigOptions): PolicySnapshot {
  const networks = { loopback: ['127.0.0.0/8', '::1/128'], ...options.networks }
  const site = (name: keyof Edge['sites'], offset: number, more: Partial<Site> = {}): Site => ({
    address: `https://localhost:${options.portBase + offset}`,
    clientCertificates: false,
    apiKeys: false,
    networks: options.siteNetworks?.[name] ?? (name === 'hooks' ? [] : ['loopback']),
    basicAuth: [],
    ...more,
  })
  const edge: Edge = {
    tls: { mode: 'internal' },
    sites: {
      api: site('api', 43, { clientCertificates: true }),
      keys: site('keys', 40, { apiKeys: true }),
      dashboard: site('dashboard', 42, { basicAuth: ['oncall'] }),
      hooks: site('hooks', 41),
    },
    basicAuthUsers: new Map([['oncall', 'secret:basic-oncall']]),
    limits: {
      maxBodyBytes: 10_000,
      maxUploadBytes: 100_000,
      headerTimeoutMs: 1_000,
      bodyTimeoutMs: 1_500,
      idleTimeoutMs: 5_000,
    },
    ...options.edge,
  }
  return {
    digest: `sha256:${'0'.repeat(64)}`,
    edge,
    networks: new Map(Object.entries(networks).map(([name, cidrs]) => [name, { name, cidrs }])),
    principals: new Map(),
    revokedSerials: new Set(),
    accounts: new Map(),
    rules: [],
    asksAcquaintance: false,
    tests: { requireAll: true, minRuleCoverage: 0 },
    guardrails: new Map(),
    lists: new Map(),
    limits: new Map(),
    pacing: new Map(),
    endpoints: new Map(),
    phoneRule: { reject: ['invalid'] },
    consent: { requiredFields: [] },
    templates: new Map(),
    retention: {},
    signing: { isRequired: false, keyRefs: [] },
    reload: { mode: 'apply' },
    onBadPolicyAtBoot: 'refuse',
  }
}

async function startCaddy(deps: EdgeDeps): Promise<ChildProcess> {
  const { command, args, env, cwd } = caddyCommand(deps)
  mkdirSync(dirname(logFile(deps.config)), { recursive: true })
  const log = openSync(logFile(deps.config), 'a')
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', log, log] })
  const deadline = Date.now() + READY_WITHIN_MS
  while (!(await edgeAnswers(deps.config, servedEdge(deps.config)))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await end(child, 'SIGKILL')
      throw new Error(`Caddy does not answer:\n${readFileSync(logFile(deps.config), 'utf8')}`)
    }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return child
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill(signal)
  await gone
}

function logFile(config: Config): string {
  return join(config.dataDir, 'logs', 'caddy.log')
}
