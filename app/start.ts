import { hkdfSync } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Config, controlSocket } from './config/config.ts'
import { readMasterKey } from './config/master-key.ts'
import { readPolicyFolder } from './config/policy-folder.ts'
import { readSecret, secretReader } from './config/secrets.ts'
import { createEndpoints } from './deliveries/endpoints.ts'
import { createRouter } from './deliveries/fan-out.ts'
import { createHandshake } from './deliveries/handshake.ts'
import type { PostDeps } from './deliveries/post.ts'
import { tryOut } from './deliveries/try-out.ts'
import { createDeliveryWorker } from './deliveries/worker.ts'
import { createEgress } from './egress/connector.ts'
import { type Control, createControl } from './http/control.ts'
import { createMeasures } from './http/metrics/measures.ts'
import { createMetricsServer } from './http/metrics/server.ts'
import { createHttp, type HttpDeps } from './http/server.ts'
import { createClientAuthorities } from './identity/client-authorities.ts'
import { warnOfExpiry } from './identity/expiry.ts'
import { createHopFiles } from './identity/hop-files.ts'
import { createKeyUses } from './identity/key-uses.ts'
import { PosternError, reasonOf } from './lib/error.ts'
import type { Log } from './lib/log.ts'
import { privateFolder } from './lib/replace-file.ts'
import { Secret } from './lib/secret.ts'
import { openFolder } from './media/folder.ts'
import { createLibrary, type LibraryDeps } from './media/library.ts'
import type { RouteEvent } from './model/event.ts'
import { createCancel } from './outbox/cancel.ts'
import { createCarry } from './outbox/carry.ts'
import { createEnqueue, type EnqueueDeps } from './outbox/enqueue.ts'
import { createHear } from './outbox/opt-out.ts'
import { createReview, type ReviewDeps } from './outbox/review.ts'
import { createOutboxWorker } from './outbox/worker.ts'
import { createLimiter } from './policy/limiter.ts'
import type { PolicyInForce } from './policy/snapshot.ts'
import { policyAtBoot, type Started } from './reload/boot.ts'
import { examineDeps } from './reload/examine/installation.ts'
import { createRecollection } from './reload/examine/recollection.ts'
import { createReload } from './reload/reload.ts'
import { raiseDiskAlarms } from './store/disk-alarm.ts'
import { createLimitKeeper } from './store/limit-keeper.ts'
import { openStore, storeExists } from './store/open.ts'
import type { Store } from './store/store.ts'
import { createSweeper } from './store/sweeper.ts'
import { createSessions, type Sessions } from './whatsapp/sessions.ts'

export type StartOptions = {
  readonly config: Config
  readonly listen: Address
  /** Where metrics are read; never an address that callers reach. */
  readonly metrics: Address
  /** Set in the sandbox: the WhatsApp to speak to, and the root of its Noise certificate. */
  readonly simulator?: { readonly url: string; readonly noiseRoot: Uint8Array }
  /** Leave the rendered part of the edge for a proxy elsewhere; `up` renders its own. */
  readonly rendersEdge: boolean
  readonly log: Log
}

type Address = { readonly host: string; readonly port: number }

export type Running = {
  /** Of the policy in force at this moment. */
  revision(): string
  /** Puts the policy folder as it is now in force, when it is good. */
  reload(): void
  stop(): Promise<void>
}

/** For sends, deliveries and requests under way when the app is to end. */
const DRAIN_MS = 4_000
/** For sessions that are in the middle of something with a WhatsApp that does not answer. */
const SESSIONS_END_MS = 3_000

const now = () => new Date()
const random = () => Math.random()

/** Builds the app, wires it and starts it. Throws PosternError with `config.*`, `policy.*`, `key.*` or `store.*` when it cannot. */
export async function start(options: StartOptions): Promise<Running> {
  const { config, log } = options
  const { store, key, keyCreated } = await openStoreFor(config, log)
  if (keyCreated) log.warn('key.created', { remedy: 'keep a copy of the master key on another machine' })
  store.onFailure(error => {
    log.error('store.failed', { code: error.code, reason: error.message })
    process.exit(1) // the supervisor starts again; nothing that was promised is lost
  })
  try {
    emptyTemporaryFolder(config)
    warnOfExpiry(config, { now, log })
    await markInstallation(store, config, log)
    const readFolder = () => readPolicyFolder(config.policiesDir)
    const recollection = createRecollection({ meta: store.meta, masterKey: key })
    const bootDeps = { ...examineDeps(config), readFolder, store, recollection, routeUnder, log, now }
    const started = await policyAtBoot(bootDeps)
    return await run(options, { store, started, contactKey: contactKeyFrom(key) })
  } catch (error) {
    await store.close()
    throw error
  }
}

type Ground = { readonly store: Store; readonly started: Started; readonly contactKey: Secret }

async function run(options: StartOptions, { store, started, contactKey }: Ground): Promise<Running> {
  const { config, log } = options
  const { sandbox, secretsDir } = config
  const accounts = () => sessions.list()
  const { readTrust, ...trust } = createTrust(secretsDir)
  const reloadDeps = { ...options, store, routeUnder, now, accounts, readTrust, hop: trust.hop }
  const reload = createReload(started, reloadDeps)
  const { policySwitch, policies, answers } = reload
  const policy = policySwitch.current
  const route = routeUnder(policy)
  const limiter = createLimiter()
  const limitKeeper = createLimitKeeper({ store, limiter, policy, log, now })
  const measures = createMeasures({ policy, store, sandbox, accounts, degraded: policies.isDegraded })
  reload.onOutcome(measures.reloaded)
  const base = { store, policy, route, log, now, random }
  const { meter } = measures
  const egress = createEgress({ now })
  const { download } = egress
  const { library, sessions } = createTraffic({ ...base, meter, hear: createHear(base), download }, options)
  const outboxDeps = { ...base, limiter, keepLimits: limitKeeper.keep }
  const outbox = createOutboxWorker({ ...outboxDeps, port: sessions, stopWaitMs: DRAIN_MS })
  raiseDiskAlarms({ store, route, log })
  const sweeper = createSweeper({ store, policy, log, now, dropFiles: library.dropFiles })
  const posting = { egress, readSecret: secretReader(secretsDir, now), contactKey }
  const { deliveries, ...webhooks } = createWebhooks({ ...outboxDeps, ...posting, sessions })
  const carry = createCarry({ ...posting, library, download, meter, log })
  let unready: string | undefined = 'starting'
  const httpDeps: HttpDeps = {
    ...outboxDeps,
    ...{ sessions, policies, answers, library },
    onPolicyChange: policySwitch.onChange,
    ...outboxDoors({ ...outboxDeps, carry, phoneOf: name => sessions.get(name)?.phone }),
    ...webhooks,
    ...{ ...trust, keyUses: createKeyUses(base) },
    readSecret: (ref: string) => readSecret(secretsDir, ref),
    sandbox,
    readiness: () => (unready === undefined ? { ready: true } : { ready: false, reason: unready }),
  }
  const http = createHttp(httpDeps)
  const control = createControl(httpDeps)
  const metrics = createMetricsServer(measures, log)
  await metrics.listen(options.metrics)
  await webhooks.endpoints.load()
  await limitKeeper.start()
  await library.start() // before uploads: it removes what nobody has kept
  await sessions.start() // before the first requests, which would hold up how the connections come about
  await http.listen(options.listen)
  await outbox.start()
  await deliveries.start()
  sweeper.start()
  policySwitch.onChange(() => void sessions.followPolicy())
  for (const part of [outbox, deliveries, sweeper]) policySwitch.onChange(() => part.wake())
  await reload.start()
  await openControl(control, config, log)
  unready = undefined
  log.info('app.ready', { sandbox })
  return { revision: () => policy().revision, reload: reload.bySignal, stop }

  /** Takes nothing new, lets what is under way end or go back to its queue, and closes. */
  async function stop(): Promise<void> {
    unready = 'stopping'
    await reload.stop()
    await Promise.all([http.close(), control.close(), outbox.stop(), deliveries.stop(), sweeper.stop()])
    await Promise.race([Promise.all([sessions.stop(), library.stop()]), sleep(SESSIONS_END_MS)])
    await limitKeeper.stop()
    await metrics.close()
    await egress.close()
    await store.close()
  }
}

type TrafficDeps = Omit<MediaDeps & Parameters<typeof createSessions>[0], 'library' | 'simulator'>

/** Sessions and the files of their messages: the one asks the other where WhatsApp has a file, and for its bytes. */
function createTraffic(deps: TrafficDeps, { config, simulator }: StartOptions) {
  const library = createMedia(deps, config, () => sessions)
  const sessions: Sessions = createSessions({ ...deps, library, ...(simulator && { simulator }) })
  return { library, sessions }
}

/** What is asked of the outbox from outside. */
function outboxDoors(deps: EnqueueDeps & ReviewDeps): Pick<HttpDeps, 'enqueue' | 'cancel' | 'review'> {
  return { enqueue: createEnqueue(deps), cancel: createCancel(deps), review: createReview(deps) }
}

type MediaDeps = Omit<LibraryDeps, 'folder' | 'mediaHost' | 'maxBytesAtOnce'> & {
  readonly policy: () => PolicyInForce
}

/** The files of messages. The simulator's media host is on this machine; WhatsApp's never is. */
function createMedia(
  deps: MediaDeps,
  { dataDir, sandbox }: Config,
  sessions: () => Pick<Sessions, 'mediaHost'>,
) {
  return createLibrary({
    ...deps,
    folder: openFolder(join(dataDir, 'media')),
    async mediaHost(account) {
      const host = await sessions().mediaHost(account)
      return host === undefined ? undefined : { host, allowCidrs: sandbox ? LOOPBACK : [] }
    },
    maxBytesAtOnce: () => deps.policy().snapshot.edge.limits.maxUploadBytes,
  })
}

const LOOPBACK = ['127.0.0.0/8', '::1/128']

type WebhookDeps = Omit<Parameters<typeof createDeliveryWorker>[0], 'endpoints'> & {
  readonly route: RouteEvent
  readonly sessions: Sessions
}

/** Everything about webhooks going out: what posts them, and what people ask about endpoints. */
function createWebhooks({ sessions, ...rest }: WebhookDeps) {
  const deps = { ...rest, surroundings: surroundingsOf(rest.store, sessions) }
  const endpoints = createEndpoints(deps)
  const handshake = createHandshake(deps)
  const deliveries = createDeliveryWorker({ ...deps, endpoints, handshake, stopWaitMs: DRAIN_MS })
  const tryEndpoint: HttpDeps['tryEndpoint'] = endpoint =>
    tryOut(endpoint, { ...deps, revision: deps.policy().revision }) // asks anew whether it wants to be told
  return { endpoints, deliveries, tryEndpoint }
}

/** What the webhook formats of other APIs say beside an event. */
function surroundingsOf(store: Store, sessions: Sessions): NonNullable<PostDeps['surroundings']> {
  return async ({ account, data }) => {
    const phone = account === undefined ? undefined : sessions.get(account)?.phone
    const name = typeof data.from === 'string' ? await store.contacts.calledOf(data.from) : undefined
    return { ...(phone === undefined ? {} : { phone }), ...(name === undefined ? {} : { name }) }
  }
}

/** Commands on this machine are a comfort: where there can be no socket, the appliance runs without them and says so. */
async function openControl(control: Control, { dataDir }: Config, log: Log): Promise<void> {
  const path = controlSocket(dataDir)
  try {
    privateFolder(dirname(path))
    await control.listen(path)
  } catch (error) {
    log.warn('control.unavailable', { reason: reasonOf(error) })
  }
}

/** Opens the store for the app and for commands that work offline. */
export async function openStoreFor(
  config: Config,
  log: Log,
): Promise<{ store: Store; key: Secret; keyCreated: boolean }> {
  const { key, created } = readMasterKey(config, storeExists(config.dataDir))
  const store = await openStore({ dataDir: config.dataDir, key, now, log })
  return { store, key, keyCreated: created }
}

function routeUnder(policy: () => PolicyInForce): RouteEvent {
  return createRouter({ policy, now })
}

/** Keys the contact hashes in webhooks: derived, so that it lasts as long as the master key and gives nothing of it away. */
function contactKeyFrom(master: Secret): Secret {
  return new Secret(new Uint8Array(hkdfSync('sha256', master.reveal(), '', 'postern contact hash', 32)))
}

/** A sandbox must never meet a real account's credentials, nor WhatsApp a simulated one's. */
async function markInstallation(store: Store, config: Config, log: Log): Promise<void> {
  const mark = await store.meta.get('installation')
  const wanted = config.sandbox ? 'sandbox' : 'real'
  if (mark === wanted) return
  if (mark !== undefined) {
    const what = mark === 'real' ? 'held a real account; --sandbox refuses it' : 'belongs to the sandbox'
    const remedy =
      mark === 'real'
        ? 'use another folder with --data DIR'
        : 'start with --sandbox, or use another --data DIR'
    throw new PosternError('config.installation', `the data folder ${config.dataDir} ${what}: ${remedy}`)
  }
  if (config.sandbox) return store.meta.set('installation', wanted)
  const stop = store.onCommit(topics => {
    if (!topics.has('accounts')) return
    stop()
    store.meta.set('installation', wanted).catch((error: unknown) => {
      log.error('installation.unmarked', { reason: reasonOf(error) })
    })
  })
}

/** What a library might leave behind in clear goes at each start. */
function emptyTemporaryFolder(config: Config): void {
  const folder = join(config.dataDir, 'tmp')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
}

/** Whom the app trusts; `readTrust` reads all of it, and takes all of it up or nothing. */
function createTrust(secretsDir: string) {
  const clientAuthorities = createClientAuthorities(join(secretsDir, 'client-ca.pem'))
  const hop = createHopFiles(secretsDir)
  const readTrust = () => {
    const steps = [clientAuthorities.read(), hop.read()]
    return () => {
      for (const takeUp of steps) takeUp()
    }
  }
  return { clientAuthorities, hop, readTrust }
}
