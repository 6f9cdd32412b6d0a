import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { type Agent, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlSocket } from '../../app/config/config.ts'
import { createEndpoints, type EndpointDeps, type Endpoints } from '../../app/deliveries/endpoints.ts'
import { tryOut } from '../../app/deliveries/try-out.ts'
import { createEgress } from '../../app/egress/connector.ts'
import type { FieldError } from '../../app/http/answer.ts'
import { createControl } from '../../app/http/control.ts'
import type { FloodLimits } from '../../app/http/deps.ts'
import type { StreamLimits } from '../../app/http/events/streams.ts'
import type { PlaceTimes } from '../../app/http/limits/places.ts'
import { createHttp, type HttpDeps } from '../../app/http/server.ts'
import { readAuthorities } from '../../app/identity/certificate.ts'
import type { HopTls } from '../../app/identity/hop-files.ts'
import { createKeyUses } from '../../app/identity/key-uses.ts'
import { type Log, silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import { openFolder } from '../../app/media/folder.ts'
import { createLibrary } from '../../app/media/library.ts'
import { silentMeter } from '../../app/model/meter.ts'
import { createCancel } from '../../app/outbox/cancel.ts'
import { type CarryDeps, createCarry } from '../../app/outbox/carry.ts'
import { createEnqueue } from '../../app/outbox/enqueue.ts'
import { createReview, type ReviewDeps } from '../../app/outbox/review.ts'
import { createLimiter } from '../../app/policy/limiter.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import type { EdgeHandshake } from '../../app/reload/edge-handshake.ts'
import type { PolicySwitch } from '../../app/reload/policy-switch.ts'
import type { Statfs } from '../../app/store/disk.ts'
import { openStore } from '../../app/store/open.ts'
import type { Store } from '../../app/store/store.ts'
import type { Sessions } from '../../app/whatsapp/sessions.ts'
import { createTestAuthority, type TestAuthority } from '../helpers/certificates.ts'
import { route, startPolicy } from './running-policy.ts'
import { standInSessions } from './stand-in-sessions.ts'

/** The server of app/http over real TLS with a real store and the real policy engine; the test plays Caddy. */
export type RunningHttp = {
  readonly port: number
  /** Its control socket is open as well. */
  readonly dataDir: string
  /** Its folder is `policies` in the data folder, with POLICY_YAML in `policy.yaml`. */
  readonly policySwitch: PolicySwitch
  readonly endpoints: Endpoints
  readonly store: Store
  readonly sessions: Sessions
  readonly clients: TestAuthority
  readonly internal: TestAuthority
  readonly proxy: { readonly cert: string; readonly key: string }
  /** The `Client-Cert` value of an honest certificate of this client. */
  certOf(client: string): Promise<string>
  ask(call: Call): Promise<Answer>
  /** The headers that Caddy sends along for this call. */
  headersOf(call: Call): Promise<Readonly<Record<string, string | string[]>>>
  setPolicy(change: Partial<PolicySnapshot>): void
  setReady(ready: boolean): void
  /** As a reload takes up another client CA. */
  setClientCa(pem: string): void
  /** As a reload takes up another certificate of the app, or another internal CA. */
  setHop(next: HopTls): void
  stop(): Promise<void>
}

export type Call = {
  readonly path: string
  readonly method?: string
  /** Objects go as JSON, text and bytes as they are. */
  readonly body?: unknown
  /** A list sends a header several times. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Sends the headers Caddy would for this site; null names none. */
  readonly site?: string | null
  /** Client whose certificate is shown; `undefined` shows none (`::`). */
  readonly as?: string
  readonly from?: string
  readonly tls?: { readonly cert?: string; readonly key?: string }
  /** Keeps connections for further calls; each has its own without one. */
  readonly agent?: Agent
}

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly bytes: Buffer
  readonly json: Body
}

/** A JSON body as tests look at it: what an answer does not have is undefined, whatever is written here. */
export type Body = {
  readonly [member: string]: unknown
  readonly id: string
  readonly name: string
  readonly seq: number
  readonly qr: string
  readonly message_id: string
  readonly request_id: string
  readonly decision: string
  readonly detail: string
  readonly credential: Body
  readonly policy: Body
  readonly data: readonly [Body, ...Body[]]
  readonly timeline: readonly Body[]
  readonly errors: readonly [FieldError, ...FieldError[]]
}

export type RunOptions = {
  readonly sessions?: Partial<Sessions>
  readonly floods?: FloodLimits
  readonly streams?: StreamLimits
  readonly places?: PlaceTimes
  readonly statfs?: Statfs
  readonly now?: () => Date
  readonly log?: Log
  readonly secrets?: Readonly<Record<string, string>>
  /** Plays the edge side; one that agrees to everything when absent. */
  readonly edge?: EdgeHandshake
}

/** Starts it on a port of the system's choice. The test must call `stop`. */
export async function startHttp(options: RunOptions = {}): Promise<RunningHttp> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-http-'))
  const now = options.now ?? (() => new Date())
  const [clients, internal] = await Promise.all([
    createTestAuthority('Clients'),
    createTestAuthority('Internal'),
  ])
  const app = await internal.issue({ commonName: 'app', usages: ['serverAuth'], uris: [], dnsNames: ['app'] })
  const proxy = await internal.issue({ commonName: 'proxy', uris: ['spiffe://postern/internal/proxy'] })
  const store = await openStore({
    ...{ dataDir: folder, key: new Secret(randomBytes(32)), now, log: silentLog },
    ...(options.statfs && { statfs: options.statfs }),
  })
  let ready = true
  const { hop, setHop } = hopOf({ ...app, ca: internal.cert })
  let authorities = readAuthorities(clients.cert)
  const sessions = { ...standInSessions(), ...options.sessions }
  const policyDeps = { ...options, folder, store, now, accounts: sessions.list }
  const { policy, policySwitch, probation, setPolicy, ...policies } = await startPolicy(policyDeps)
  const limiter = createLimiter()
  const readSecret = (ref: string) => new Secret(options.secrets?.[ref] ?? assert.fail(`no secret ${ref}`))
  const deps = { store, policy, limiter, route, now, log: options.log ?? silentLog }
  const { egress, ...webhooks } = webhooksOf(deps, readSecret)
  const library = libraryOf(deps, folder, egress)
  const httpDeps: HttpDeps = {
    ...{ ...deps, ...policies, sessions, library },
    onPolicyChange: policySwitch.onChange,
    ...outboxOf({ ...deps, library, download: egress.download, readSecret, meter: silentMeter }),
    ...webhooks,
    clientAuthorities: { current: () => authorities },
    readSecret,
    ...{ hop, keyUses: createKeyUses({ store, now, log: silentLog }) },
    sandbox: false,
    readiness: () => (ready ? { ready } : { ready, reason: 'the accounts are starting' }),
    ...limitsOf(options),
  }
  const http = createHttp(httpDeps)
  const control = createControl(httpDeps)
  mkdirSync(join(folder, 'run'))
  await control.listen(controlSocket(folder))
  const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
  const certOf = certificatesOf(clients)

  async function headersOf(call: Call): Promise<Readonly<Record<string, string | string[]>>> {
    const { site = 'api', from = '127.0.0.1' } = call
    const clientCert = call.as === undefined ? '::' : await certOf(call.as)
    const hop = site === null ? {} : { 'postern-site': site, 'postern-remote-ip': from }
    return { ...hop, ...(site === 'api' ? { 'client-cert': clientCert } : {}), ...call.headers }
  }

  async function ask(call: Call): Promise<Answer> {
    return askRaw(
      { ...call, headers: await headersOf(call) },
      { port, ca: internal.cert, ...(call.tls ?? proxy) },
    )
  }

  return {
    ...{ policySwitch, port, dataDir: folder, endpoints: httpDeps.endpoints, store, sessions },
    ...{ clients, internal, proxy, certOf, ask, headersOf, setPolicy, setHop },
    setReady: value => (ready = value),
    setClientCa: pem => (authorities = readAuthorities(pem)),
    async stop() {
      await Promise.all([http.close(), control.close(), probation.stop()])
      await egress.close()
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

function hopOf(first: HopTls): Pick<RunningHttp, 'setHop'> & Pick<HttpDeps, 'hop'> {
  let current = first
  const listeners: (() => void)[] = []
  return {
    hop: { current: () => current, onChange: listener => listeners.push(listener) },
    setHop(next) {
      current = next
      for (const listener of listeners) listener()
    },
  }
}

/** The `Client-Cert` value of an honest certificate of each client, made once. */
function certificatesOf(clients: TestAuthority): (client: string) => Promise<string> {
  const certs = new Map<string, string>()
  return async client => {
    const known = certs.get(client)
    if (known !== undefined) return known
    const { cert } = await clients.issue({ uris: [`spiffe://postern/client/${client}`] })
    certs.set(client, headerOf(cert))
    return headerOf(cert)
  }
}

function outboxOf(deps: ReviewDeps & CarryDeps): Pick<HttpDeps, 'enqueue' | 'cancel' | 'review'> {
  return {
    enqueue: createEnqueue({ ...deps, carry: createCarry(deps) }),
    cancel: createCancel(deps),
    review: createReview(deps),
  }
}

function webhooksOf(deps: Omit<EndpointDeps, 'random'>, readSecret: HttpDeps['readSecret']) {
  const egress = createEgress(deps)
  const tryDeps = { egress, readSecret, contactKey: new Secret('contacts'), revision: 'r7', now: deps.now }
  const tryEndpoint: HttpDeps['tryEndpoint'] = endpoint => tryOut(endpoint, tryDeps)
  return { egress, endpoints: createEndpoints({ ...deps, random: Math.random }), tryEndpoint }
}

function libraryOf(
  deps: Pick<HttpDeps, 'store' | 'log' | 'now'>,
  folder: string,
  { download }: DownloadingEgress,
) {
  return createLibrary({
    ...{ ...deps, download, random: Math.random },
    folder: openFolder(join(folder, 'media')),
    mediaHost: async () => undefined,
    maxBytesAtOnce: () => 0,
  })
}

type DownloadingEgress = ReturnType<typeof createEgress>

function limitsOf({ floods, streams, places }: RunOptions): Pick<HttpDeps, 'floods' | 'streams' | 'places'> {
  return { ...(floods && { floods }), ...(streams && { streams }), ...(places && { places }) }
}

/** A PEM certificate as Caddy passes it on. */
export function headerOf(pem: string): string {
  const base64 = pem.replace(/-----[A-Z ]+-----|\s/g, '')
  return `:${base64}:`
}

type Connection = {
  readonly port: number
  readonly ca: string
  readonly cert?: string
  readonly key?: string
}

function askRaw(call: Call, connection: Connection): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const plain = typeof call.body === 'string' || Buffer.isBuffer(call.body)
  const body =
    call.body === undefined ? undefined : plain ? (call.body as string | Buffer) : JSON.stringify(call.body)
  const type = body === undefined || plain ? {} : { 'content-type': 'application/json' }
  const request = httpsRequest({
    ...connection,
    host: '127.0.0.1',
    servername: 'app',
    agent: call.agent ?? false,
    method: call.method ?? (body === undefined ? 'GET' : 'POST'),
    path: call.path,
    headers: {
      ...type,
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      ...call.headers,
    },
  })
  request.on('error', reject)
  request.on('response', response => {
    const chunks: Buffer[] = []
    response.on('error', reject)
    response.on('data', chunk => chunks.push(chunk))
    response.on('end', () => {
      const bytes = Buffer.concat(chunks)
      const isJson = bytes.length > 0 && /json/.test(response.headers['content-type'] ?? '')
      const json = isJson ? JSON.parse(bytes.toString()) : undefined
      const headers = response.headers as Record<string, string | undefined>
      resolve({ status: response.statusCode ?? 0, headers, bytes, json })
    })
  })
  request.end(body)
  return promise
}
