import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../app/config/config.ts'
import { hashPassword } from '../../app/identity/first-start.ts'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import type { RunningHttp, RunOptions } from '../http/running-http.ts'
import { startHttp } from '../http/running-http.ts'
import { testPolicy } from '../http/running-policy.ts'
import type { Where } from '../http/stream-clients.ts'
import { PASSWORD, type RunningEdge, startEdge, testConfig } from './rig.ts'

/** A real Caddy before the app's real HTTP side with its store and its policy engine: what callers meet. */
export type AppRig = {
  readonly edge: RunningEdge
  readonly http: RunningHttp
  readonly ports: RunningEdge['config']['ports']
  /** The configuration that commands on this machine have. */
  readonly config: Config
  /** The way to a site with a certificate or with headers of one's own, for streams. */
  to(site: 'api' | 'keys' | 'dashboard', shown: Shown): Where
  /** A policy as the app has it in force, over the sites that Caddy serves. */
  setPolicy(change: Partial<PolicySnapshot>): void
  stop(): Promise<void>
}

export type Shown = {
  readonly client?: CertificateAndKey
  readonly headers?: Readonly<Record<string, string>>
}

export type AppRigOptions = RunOptions & { readonly portBase: number }

/** The policy is POLICY_YAML on the ports of the rig, without the limits of failed authentications unless a test sets them. */
export async function startAppRig({ portBase, ...options }: AppRigOptions): Promise<AppRig> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-edge-'))
  const http = await startHttp(options)
  const config = testConfig(folder, portBase)
  const ports = { ...config.ports, app: http.port }
  leaveSecrets(config, http)
  const policy = testPolicy()
  const moved = { ...policy, edge: onPorts(policy.edge, ports) }
  const clear = async () => {
    await http.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const edge = await startEdge({ ...config, ports }, moved).catch(async (error: unknown) => {
    await clear()
    throw error
  })
  http.setPolicy({ edge: moved.edge, limits: new Map() })
  return {
    ...{ edge, http, ports, setPolicy: http.setPolicy },
    config: { ...config, ports, dataDir: http.dataDir, policiesDir: join(http.dataDir, 'policies') },
    to: (site, { client, headers }) => ({
      ...{ port: ports[site], servername: 'localhost', ca: edge.ca, proof: client ?? {} },
      headersOf: async () => ({ host: `localhost:${ports[site]}`, ...headers }),
    }),
    stop: () => edge.stop().then(clear),
  }
}

/** What `pki init` would have made: here the authorities that the tests sign with. */
function leaveSecrets({ secretsDir, pkiDir }: Config, { clients, internal, proxy }: RunningHttp): void {
  const files = [
    [secretsDir, 'client-ca.pem', clients.cert],
    [secretsDir, 'internal-ca.pem', internal.cert],
    [secretsDir, 'proxy.pem', proxy.cert],
    [secretsDir, 'proxy.key', proxy.key],
    [secretsDir, 'basic-oncall', `${hashPassword(PASSWORD)}\n`],
    [pkiDir, 'client-ca.key', clients.key],
  ] as const
  for (const folder of [secretsDir, pkiDir]) mkdirSync(folder, { recursive: true })
  for (const [folder, name, content] of files) writeFileSync(join(folder, name), content)
}

function onPorts(edge: PolicySnapshot['edge'], ports: AppRig['ports']): PolicySnapshot['edge'] {
  const sites = Object.entries(edge.sites).map(([name, site]) => {
    const port = ports[name as keyof typeof edge.sites]
    return [name, { ...site, address: `https://localhost:${port}` }]
  })
  return { ...edge, sites: Object.fromEntries(sites) }
}
