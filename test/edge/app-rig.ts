import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../app/config/config.ts'
import { hashPassword } from '../../app/identity/first-start.ts'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import { authorityElsewhere, type Elsewhere } from '../helpers/elsewhere.ts'
import { type RunningHttp, startHttp } from '../http/running-http.ts'
import { testPolicy } from '../http/running-policy.ts'
import type { Where } from '../http/stream-clients.ts'
import { PASSWORD, type RunningEdge, startEdge, testConfig } from './rig.ts'

/** A real Caddy before the app's real HTTP side with its store and its policy engine: what callers meet. */
export type AppRig = {
  /** What has reached the app, in turn. */
  readonly arrived: readonly Arrived[]
  /** A certificate of `billing`. */
  readonly honest: CertificateAndKey
  /** Authorities that others run and that the client CA's file holds beside ours. */
  readonly elsewhere: Readonly<Record<'EC' | 'RSA', Elsewhere>>
  /** What the app finds under its references of secrets; a test may replace one. */
  readonly secrets: Record<string, string>
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

/** A request as the app's server read it, before any code of ours looked at it. */
export type Arrived = {
  readonly method: string
  readonly url: string
  readonly headers: readonly string[]
  /** Caddy's port of the connection that it came over. */
  readonly via: number | undefined
}

export type Shown = {
  readonly client?: CertificateAndKey
  readonly headers?: Readonly<Record<string, string>>
}

const REQUESTS = 'http.server.request.start'
/** The network `loopback` of the rig: 127.0.9.1 is outside. */
const NEAR = ['127.0.0.0/21', '::1/128']

export type AppRigOptions = { readonly portBase: number; readonly secrets: Record<string, string> }

/** The policy is POLICY_YAML on the ports of the rig, without the limits of failed authentications unless a test sets them. */
export async function startAppRig({ portBase, secrets }: AppRigOptions): Promise<AppRig> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-edge-'))
  const http = await startHttp({ secrets })
  const config = testConfig(folder, portBase)
  const ports = { ...config.ports, app: http.port }
  const elsewhere = { EC: await authorityElsewhere('EC'), RSA: await authorityElsewhere('RSA') }
  const clientCas = [http.clients, elsewhere.EC, elsewhere.RSA].map(({ cert }) => cert).join('\n')
  http.setClientCa(clientCas)
  leaveSecrets(config, http, clientCas)
  const uris = ['spiffe://postern/client/billing']
  const honest = await http.clients.issue({ uris })
  const policy = testPolicy()
  const moved = {
    ...policy,
    edge: onPorts(policy.edge, ports),
    networks: new Map([...policy.networks, ['loopback', { name: 'loopback', cidrs: NEAR }]]),
  }
  const { arrived, forget } = listen()
  const clear = async () => {
    forget()
    await http.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const edge = await startEdge({ ...config, ports }, moved).catch(async (error: unknown) => {
    await clear()
    throw error
  })
  http.setPolicy({ edge: moved.edge, networks: moved.networks, limits: new Map() })
  return {
    ...{ arrived, honest, elsewhere, secrets },
    ...{ edge, http, ports, setPolicy: http.setPolicy },
    config: { ...config, ports, dataDir: http.dataDir, policiesDir: join(http.dataDir, 'policies') },
    to: (site, { client, headers }) => ({
      ...{ port: ports[site], servername: 'localhost', ca: edge.ca, proof: client ?? {} },
      headersOf: async () => ({ host: `localhost:${ports[site]}`, ...headers }),
    }),
    stop: () => edge.stop().then(clear),
  }
}

/** Of every request that a server of this process reads, those that came through Caddy for somebody. */
function listen(): { arrived: Arrived[]; forget: () => void } {
  const arrived: Arrived[] = []
  const note = (message: unknown) => {
    const { method = '', url = '', rawHeaders, socket } = (message as { request: IncomingMessage }).request
    const names = new Set(rawHeaders.filter((_, n) => n % 2 === 0).map(name => name.toLowerCase()))
    if (names.has('postern-site') && !names.has('postern-ask'))
      arrived.push({ method, url, headers: rawHeaders, via: socket.remotePort })
  }
  subscribe(REQUESTS, note)
  return { arrived, forget: () => unsubscribe(REQUESTS, note) }
}

/** What `pki init` would have made: here the authorities that the tests sign with. */
function leaveSecrets({ secretsDir, pkiDir }: Config, http: RunningHttp, clientCas: string): void {
  const { clients, internal, proxy } = http
  const files = [
    [secretsDir, 'client-ca.pem', clientCas],
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
