import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Config } from '../config/config.ts'
import { PosternError } from '../lib/error.ts'
import { compareVersions } from '../lib/version.ts'
import { isExecutable, programsOn } from './search-path.ts'

/** Older ones have published holes that touch us: client certificates, path matchers, the admin interface. */
export const MINIMUM_CADDY = '2.11.4'

const VERSION_WITHIN_MS = 10_000
const run = promisify(execFile)

/** A program that was looked at: why it will not do, and its version when it tells one. */
export type Refused = { readonly path: string; readonly verdict: string; readonly version?: string }

export type CaddyFound =
  | { readonly kind: 'found'; readonly path: string; readonly version: string }
  | { readonly kind: 'none'; readonly tried: readonly Refused[] }

/**
 * The Caddy to use: the one the environment names, else `.runtime/caddy/caddy`, else the first on the search path that
 * is new enough.
 */
export async function lookForCaddy(
  config: Pick<Config, 'root' | 'caddy'>,
  searchPath: string,
): Promise<CaddyFound> {
  const candidates = config.caddy === undefined ? usualPlaces(config.root, searchPath) : [config.caddy]
  const tried: Refused[] = []
  for (const path of candidates) {
    const found = await judge(path)
    if ('kind' in found) return found
    tried.push(found)
  }
  return { kind: 'none', tried }
}

/** The path of the Caddy to use. Throws PosternError `edge.no_caddy` that says what was tried and what to do. */
export async function findCaddy(config: Pick<Config, 'root' | 'caddy'>, searchPath: string): Promise<string> {
  const found = await lookForCaddy(config, searchPath)
  if (found.kind === 'found') return found.path
  const tried = found.tried.map(({ path, verdict }) => `${path} ${verdict}`)
  const what = tried.length === 0 ? 'none found' : tried.join('; ')
  throw new PosternError(
    'edge.no_caddy',
    `Postern needs Caddy ${MINIMUM_CADDY} or newer (${what}): run ./postern, which fetches it on Debian, or install it ` +
      'from https://caddyserver.com/docs/install and name it in POSTERN_CADDY',
  )
}

/** The version a `caddy version` line tells, such as `2.11.4`; undefined for anything else. */
export function parseCaddyVersion(line: string): string | undefined {
  return /^v?(\d+\.\d+\.\d+)(?![\d.])(?!-)/.exec(line.trim())?.[1]
}

function usualPlaces(root: string, searchPath: string): string[] {
  const fetched = join(root, '.runtime', 'caddy', 'caddy')
  return [...new Set([...(isExecutable(fetched) ? [fetched] : []), ...programsOn(searchPath, 'caddy')])]
}

async function judge(path: string): Promise<Extract<CaddyFound, { kind: 'found' }> | Refused> {
  if (!isExecutable(path)) return { path, verdict: 'is no program that may be run' }
  try {
    const { stdout } = await run(path, ['version'], { env: {}, timeout: VERSION_WITHIN_MS })
    const version = parseCaddyVersion(stdout)
    if (version === undefined) return { path, verdict: 'does not tell a released version' }
    const isNewEnough = compareVersions(version, MINIMUM_CADDY) >= 0
    return isNewEnough ? { kind: 'found', path, version } : { path, verdict: `is ${version}`, version }
  } catch {
    return { path, verdict: 'does not run' }
  }
}
