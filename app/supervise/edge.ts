import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { PosternError } from '../lib/error.ts'
import { loopbackAddresses } from '../lib/loopback.ts'
import { privateFolder, replaceFile } from '../lib/replace-file.ts'
import { edgeDigest, renderEdge } from '../policy/render-edge.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import { siteAnswers } from './edge-health.ts'
import type { ServedEdge } from './served-edge.ts'

/** The edge side of `up`: it alone holds the Caddy binary and reaches Caddy's admin socket. */
export type EdgeDeps = { readonly config: Config; readonly caddy: string }

export type CaddyCommand = {
  readonly command: string
  readonly args: readonly string[]
  /** Complete: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /** The admin socket is named relative to it, because a socket's path may have no more than 107 bytes. */
  readonly cwd: string
}

export type EdgeResult = { readonly ok: true } | { readonly ok: false; readonly error: string }

const ADMIN_SOCKET = 'caddy.sock'
const FILE_MODE = 0o600
/**
 * What Debian builds Caddy without: keys that a quantum computer will not find out from what is recorded today, TLS 1.2 without
 * signatures over SHA-1, and no `Content-Length` that is empty. The same stands in proxy/Dockerfile and in the unit.
 */
const GODEBUG = 'tlsmlkem=1,tlssha1=0,httplaxcontentlength=0'
const WITHIN_MS = 30_000
/** What would end a quoted word of the Caddyfile, start a placeholder, or make `import` look for a pattern. */
const UNSAFE_PATH = /["`{}\\*?[\]\n\r]/

/**
 * Renders the snapshot, lets Caddy itself check it, and puts it in place for the next start. Returns its digest. Throws
 * PosternError `edge.rejected` with Caddy's reason, or `edge.*` of the renderer; the part in place then stays.
 */
export async function prepareEdge(deps: EdgeDeps, snapshot: PolicySnapshot): Promise<string> {
  // What is left of earlier times says nothing about the Caddy that is about to start.
  for (const left of ['next', 'result', 'loaded']) {
    rmSync(join(deps.config.dataDir, 'edge', left), { recursive: true, force: true })
  }
  const digest = writeNext(deps.config, renderEdge(snapshot, { loopback: loopbackAddresses() }))
  const result = await validateEdge(deps, digest)
  writeResult(deps.config, digest, result)
  if (!result.ok)
    throw new PosternError('edge.rejected', `Caddy refuses the edge of this policy: ${result.error}`)
  promote(deps.config, digest)
  return digest
}

/** Parts that were asked for and have no answer. */
export function waitingParts(config: Config): readonly string[] {
  const names = (folder: string, ending: string) =>
    readdirSync(join(config.dataDir, 'edge', folder))
      .filter(name => /^[0-9a-f]{64}\./.test(name) && name.endsWith(ending))
      .map(name => name.slice(0, -ending.length))
  const answered = new Set(names('result', '.json'))
  return names('next', '.caddy').filter(digest => !answered.has(digest))
}

/** Stores a rendered part as `edge/next/<digest>.caddy` and returns the digest. */
export function writeNext(config: Config, part: string): string {
  const digest = edgeDigest(part)
  for (const folder of ['next', 'result']) privateFolder(join(config.dataDir, 'edge', folder))
  replaceFile(nextFile(config, digest), part, FILE_MODE)
  return digest
}

/** Has Caddy load everything the part names, without starting it. */
export async function validateEdge(deps: EdgeDeps, digest: string): Promise<EdgeResult> {
  const error = brokenAuthority(deps.config)
  return error === undefined ? await runCaddy(deps, digest, ['validate']) : { ok: false, error }
}

/**
 * Puts `edge/next/<digest>.caddy` in force in the running Caddy and leaves the outcome in `edge/result/<digest>.json`.
 * On failure the configuration before goes on. Always forced: a plain reload sees no change in a file that the
 * configuration only names, such as the client CA.
 */
export async function reloadEdge(deps: EdgeDeps, digest: string): Promise<EdgeResult> {
  const checked = await validateEdge(deps, digest)
  const result = checked.ok
    ? await runCaddy(deps, digest, ['reload', '--force', '--address', `unix/${ADMIN_SOCKET}`])
    : checked
  if (result.ok) promote(deps.config, digest)
  writeResult(deps.config, digest, result)
  return result
}

/** How to run Caddy with the part in place. The caller spawns it and watches it. */
export function caddyCommand(deps: EdgeDeps): CaddyCommand {
  return commandFor(deps, currentFile(deps.config), ['run'])
}

/**
 * Copies the root that signed the sites' certificates to `data/run/edge-ca.pem` and returns that path. Undefined while
 * Caddy has made none yet, and for certificates that are not its own.
 */
export function exportEdgeCa(config: Config, edge: ServedEdge): string | undefined {
  const exported = join(config.dataDir, 'run', 'edge-ca.pem')
  const root = join(storageFolder(config), 'pki', 'authorities', 'local', 'root.crt')
  if (edge.tls.mode !== 'internal') rmSync(exported, { force: true })
  if (edge.tls.mode !== 'internal' || !existsSync(root)) return undefined
  const pem = readFileSync(root)
  privateFolder(join(config.dataDir, 'run'))
  if (!existsSync(exported) || !readFileSync(exported).equals(pem)) replaceFile(exported, pem, 0o644)
  return exported
}

/** True once every site completes a TLS handshake; with certificates from elsewhere, once every port is open. */
export async function edgeAnswers(config: Config, edge: ServedEdge): Promise<boolean> {
  const ca = exportEdgeCa(config, edge)
  if (edge.tls.mode === 'internal' && ca === undefined) return false
  const pem = ca === undefined ? undefined : readFileSync(ca, 'utf8')
  const sites = Object.values(edge.sites)
  const answers = await Promise.all(sites.map(site => siteAnswers(site.address, pem)))
  return answers.every(answer => answer)
}

function runCaddy(deps: EdgeDeps, digest: string, args: readonly string[]): Promise<EdgeResult> {
  const { command, args: all, env, cwd } = commandFor(deps, nextFile(deps.config, digest), args)
  return new Promise(resolve => {
    execFile(command, [...all], { env: { ...env }, cwd, timeout: WITHIN_MS }, (error, _, stderr) => {
      resolve(error === null ? { ok: true } : { ok: false, error: reasonIn(stderr, error.message) })
    })
  })
}

function commandFor(deps: EdgeDeps, part: string, verb: readonly string[]): CaddyCommand {
  const { config, caddy } = deps
  const storage = storageFolder(config)
  const cwd = join(config.dataDir, 'run')
  for (const folder of [cwd, storage]) privateFolder(folder)
  for (const path of [config.root, config.dataDir, config.secretsDir]) assertSafe(path)
  return {
    command: caddy,
    args: [...verb, '--config', join(config.root, 'Caddyfile'), '--adapter', 'caddyfile'],
    cwd,
    env: {
      EDGE_PART: part,
      EDGE_UPSTREAM: `127.0.0.1:${config.ports.app}`,
      EDGE_SECRETS: config.secretsDir,
      EDGE_STORAGE: storage,
      EDGE_ADMIN: ADMIN_SOCKET,
      HOME: storage,
      XDG_DATA_HOME: storage,
      XDG_CONFIG_HOME: storage,
      GODEBUG,
      GOMEMLIMIT: '256MiB', // a password hash takes 46 MiB, and strangers in the allowed networks may ask for many
    },
  }
}

/** Caddy takes a file without certificates for a CA that signed none, and would turn everybody away. */
function brokenAuthority(config: Config): string | undefined {
  for (const name of ['client-ca.pem', 'internal-ca.pem']) {
    const file = join(config.secretsDir, name)
    if (!existsSync(file)) continue // Caddy says so itself where it needs the file
    const blocks = readFileSync(file, 'utf8').match(
      /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g,
    )
    if (blocks === null || !blocks.every(isAuthority)) return `${file} does not hold CA certificates alone`
  }
  return undefined
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca
  } catch {
    return false
  }
}

/** Caddy's last word, without the log lines before it. */
function reasonIn(stderr: string, otherwise: string): string {
  const last = stderr.split('\n').findLast(line => line.startsWith('Error: '))
  return last?.slice('Error: '.length) ?? otherwise
}

function assertSafe(path: string): void {
  if (!UNSAFE_PATH.test(path)) return
  throw new PosternError(
    'edge.path',
    `the folder ${path} has a character that Caddy's configuration cannot hold`,
  )
}

/** The part for the next start, so that a Caddy that died comes back with what was in force. */
function promote(config: Config, digest: string): void {
  replaceFile(currentFile(config), readFileSync(nextFile(config, digest)), FILE_MODE)
}

function writeResult(config: Config, digest: string, result: EdgeResult): void {
  replaceFile(
    join(config.dataDir, 'edge', 'result', `${digest}.json`),
    `${JSON.stringify(result)}\n`,
    FILE_MODE,
  )
}

function nextFile(config: Config, digest: string): string {
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new PosternError('edge.digest', 'expected a SHA-256 in hex')
  return join(config.dataDir, 'edge', 'next', `${digest}.caddy`)
}

function currentFile(config: Config): string {
  return join(config.dataDir, 'edge', 'current.caddy')
}

function storageFolder(config: Config): string {
  return join(config.dataDir, 'caddy')
}
