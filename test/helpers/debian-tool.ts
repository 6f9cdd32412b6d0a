import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ROOT = dirname(dirname(import.meta.dirname))
const WITHIN_MS = 5 * 60_000

/** Unpacks a Debian package below .runtime/, the system untouched, and answers the folder. Once is enough. Throws when it cannot be had. */
export function debianTool(name: string, suite = 'forky'): string {
  const folder = join(ROOT, '.runtime', 'tools', name)
  if (existsSync(folder)) return folder
  const script = join(ROOT, 'scripts', 'debian-package.sh')
  execFileSync('sh', [script, suite, name, folder], { timeout: WITHIN_MS })
  return folder
}
