import { dirname, join, resolve, sep } from 'node:path'
import { LOG_LEVELS, type LogLevel } from '../lib/log-level.ts'
import { nearestName } from '../lib/nearest.ts'

/** Local ports of every part. Defaults in contract.md section 3; all move with `POSTERN_PORT_BASE`. */
export type Ports = {
  readonly api: number
  readonly keys: number
  readonly dashboard: number
  readonly hooks: number
  readonly app: number
  readonly metrics: number
  readonly simulator: number
  readonly simulatorAdmin: number
  readonly receiver: number
  readonly receiverAdmin: number
}

/** What the environment and the command line settled. Read once, frozen, passed in. All paths absolute. */
export type Config = {
  readonly root: string
  readonly dataDir: string
  readonly policiesDir: string
  readonly secretsDir: string
  /** CA keys and issued client certificates: beside the secrets folder, and never read by the running app. */
  readonly pkiDir: string
  /** With the passphrase that the key of the client CA is encrypted with, when the environment names one. */
  readonly pkiPassphraseFile?: string
  readonly masterKeyFile: string
  readonly logLevel: LogLevel
  /** Path of a Caddy binary, when the environment names one. */
  readonly caddy?: string
  /** Where the launcher put a library that Node needs and the system lacks; for every Node that is started with an environment of its own. */
  readonly libraryPath?: string
  /** Set when `POSTERN_PORT_BASE` is: then the ports of the sites in the policy are replaced by these. */
  readonly portBase?: number
  readonly ports: Ports
  readonly sandbox: boolean
}

export type Environment = Readonly<Record<string, string | undefined>>

/** `root` is the folder of the installation. Flags win over the environment, the environment over the defaults. */
export type ConfigInput = {
  readonly env: Environment
  readonly root: string
  readonly flags: { readonly sandbox?: boolean; readonly policies?: string; readonly data?: string }
}

export type LoadedConfig =
  | { readonly kind: 'loaded'; readonly config: Config }
  | { readonly kind: 'faulty'; readonly faults: readonly string[] }

const DEFAULT_PORTS: Ports = {
  api: 9443,
  keys: 6443,
  dashboard: 8443,
  hooks: 7443,
  app: 7080,
  metrics: 7081,
  simulator: 7070,
  simulatorAdmin: 7071,
  receiver: 7072,
  receiverAdmin: 7073,
}

const OFFSETS: Ports = {
  api: 43,
  keys: 40,
  dashboard: 42,
  hooks: 41,
  app: 80,
  metrics: 81,
  simulator: 70,
  simulatorAdmin: 71,
  receiver: 72,
  receiverAdmin: 73,
}

const LOWEST_BASE = 1_024
const HIGHEST_BASE = 65_535 - Math.max(...Object.values(OFFSETS))

/** Contract section 2, the two that `init` writes into the compose `.env`, and what `pki` alone reads. */
const KNOWN_NAMES = [
  'POSTERN_DATA',
  'POSTERN_POLICIES',
  'POSTERN_SECRETS',
  'POSTERN_MASTER_KEY_FILE',
  'POSTERN_LOG_LEVEL',
  'POSTERN_CADDY',
  'POSTERN_PORT_BASE',
  'POSTERN_SMTP_URL_FILE',
  'POSTERN_DATABASE_URL_FILE',
  'POSTERN_UID',
  'POSTERN_GID',
  'POSTERN_PKI_PASSPHRASE_FILE',
]

/** The environment of this process: the only place that reads it. */
export function readEnvironment(): Environment {
  return { ...process.env }
}

/** Where the running app answers commands on this machine: a Unix socket, beside `endpoints.json`. */
export function controlSocket(dataDir: string): string {
  return join(dataDir, 'run', 'control.sock')
}

/** Settles everything that does not stand in the policies, or tells all faults at once. Touches no file. */
export function loadConfig({ env, root, flags }: ConfigInput): LoadedConfig {
  const faults = [...unknownNames(env), ...emptyNames(env), ...reservedNames(env)]
  const portBase = readPortBase(env, faults)
  const logLevel = readLogLevel(env, faults)
  if (faults.length > 0) return { kind: 'faulty', faults }
  const sandbox = flags.sandbox === true
  const dataDir = resolve(flags.data ?? env.POSTERN_DATA ?? join(root, 'data'))
  const secretsDir = resolve(env.POSTERN_SECRETS ?? join(dirname(dataDir), 'secrets'))
  const policies = sandbox ? join(root, 'test', 'sandbox', 'policies') : join(root, 'policies')
  const config: Config = {
    root,
    dataDir,
    policiesDir: resolve(flags.policies ?? env.POSTERN_POLICIES ?? policies),
    secretsDir,
    pkiDir: join(dirname(secretsDir), 'pki'),
    masterKeyFile: resolve(env.POSTERN_MASTER_KEY_FILE ?? join(secretsDir, 'master.key')),
    logLevel,
    ports: Object.freeze(portBase === undefined ? DEFAULT_PORTS : portsFrom(portBase)),
    sandbox,
    ...(env.POSTERN_PKI_PASSPHRASE_FILE === undefined
      ? {}
      : { pkiPassphraseFile: resolve(env.POSTERN_PKI_PASSPHRASE_FILE) }),
    ...(env.POSTERN_CADDY === undefined ? {} : { caddy: resolve(env.POSTERN_CADDY) }),
    ...(portBase === undefined ? {} : { portBase }),
    ...(env.LD_LIBRARY_PATH ? { libraryPath: env.LD_LIBRARY_PATH } : {}),
  }
  const unlistable = unlistablePolicies(config)
  if (unlistable.length > 0) return { kind: 'faulty', faults: unlistable }
  return { kind: 'loaded', config: Object.freeze(config) }
}

/**
 * Under Node's permission model (as of Node 26.10) a folder cannot be listed any more when the name of another that the
 * app may read goes on where its own ends: `policies` beside `policies-secrets`.
 */
function unlistablePolicies({ policiesDir, dataDir, secretsDir, masterKeyFile }: Config): string[] {
  const goOn = [dataDir, secretsDir, masterKeyFile].filter(
    path => path.startsWith(policiesDir) && !['', sep].includes(path.charAt(policiesDir.length)),
  )
  return goOn.map(
    path =>
      `${path}: its name begins with that of ${policiesDir}, which Node could not list then; rename one of them`,
  )
}

function unknownNames(env: Environment): string[] {
  const unknown = Object.keys(env).filter(name => name.startsWith('POSTERN_') && !KNOWN_NAMES.includes(name))
  return unknown.sort().map(name => {
    const nearest = nearestName(name, KNOWN_NAMES)
    const hint =
      nearest === undefined ? `the names are ${KNOWN_NAMES.join(', ')}` : `did you mean ${nearest}?`
    return `${name}: unknown name; ${hint}`
  })
}

function emptyNames(env: Environment): string[] {
  return KNOWN_NAMES.filter(name => env[name] === '').map(
    name => `${name}: expected a value, got nothing; unset it to have the default`,
  )
}

/** What would be expected to have an effect and has none must not be taken. */
function reservedNames(env: Environment): string[] {
  if (env.POSTERN_DATABASE_URL_FILE === undefined) return []
  return [
    'POSTERN_DATABASE_URL_FILE: PostgreSQL is not supported by this version; unset it to use the embedded store',
  ]
}

function readPortBase({ POSTERN_PORT_BASE: text }: Environment, faults: string[]): number | undefined {
  if (text === undefined || text === '') return undefined
  const base = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (base >= LOWEST_BASE && base <= HIGHEST_BASE) return base
  faults.push(`POSTERN_PORT_BASE: expected a number from ${LOWEST_BASE} to ${HIGHEST_BASE}, got "${text}"`)
  return undefined
}

function readLogLevel({ POSTERN_LOG_LEVEL: text }: Environment, faults: string[]): LogLevel {
  const level = LOG_LEVELS.find(known => known === text)
  if (level === undefined && text !== undefined && text !== '') {
    const nearest = nearestName(text, LOG_LEVELS)
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
    faults.push(`POSTERN_LOG_LEVEL: expected one of ${LOG_LEVELS.join(', ')}, got "${text}"${hint}`)
  }
  return level ?? 'info'
}

function portsFrom(base: number): Ports {
  const moved = Object.entries(OFFSETS).map(([part, offset]) => [part, base + offset])
  return Object.fromEntries(moved) as Ports
}
