import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Config } from '../config/config.ts'
import { PosternError } from '../lib/error.ts'

/** Older ones have published holes that touch us: client certificates, path matchers, the admin interface. */
export const MINIMUM_CADDY = '2.11.4'

const VERSION_WITHIN_MS = 10_000
const run = promisify(execFile)

/**
 * The Caddy to use: the one the environment names, else `.runtime/caddy/caddy`, else the first on the search path that
 * is new enough. Throws PosternError `edge.no_caddy` that says what was tried and what to do.
 */
export async function findCaddy(config: Pick<Config, 'root' | 'caddy'>, searchPath: string): Promise<string> {
  const candidates = config.caddy === undefined ? usualPlaces(config.root, searchPath) : [config.caddy]
  const tried: string[] = []
  for (const candidate of candidates) {
    const verdict = await judge(candidate)
    if (verdict === 'good') return candidate
    tried.push(`${candidate} ${verdict}`)
  }
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
  const folders = searchPath.split(delimiter).filter(folder => folder.startsWith('/'))
  const installed = folders.map(folder => join(folder, 'caddy')).filter(isExecutable)
  const fetched = join(root, '.runtime', 'caddy', 'caddy')
  return [...new Set([...(isExecutable(fetched) ? [fetched] : []), ...installed])]
}

async function judge(path: string): Promise<string> {
  if (!isExecutable(path)) return 'is no program that may be run'
  try {
    const { stdout } = await run(path, ['version'], { env: {}, timeout: VERSION_WITHIN_MS })
    const version = parseCaddyVersion(stdout)
    if (version === undefined) return 'does not tell a released version'
    return isAtLeast(version, MINIMUM_CADDY) ? 'good' : `is ${version}`
  } catch {
    return 'does not run'
  }
}

function isAtLeast(version: string, minimum: string): boolean {
  const [have, want] = [version, minimum].map(text => text.split('.').map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (have?.[i] ?? 0) - (want?.[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
