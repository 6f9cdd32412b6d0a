import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** A command that a part cannot do without, and the Debian package that has it. */
export type Need = { readonly command: string; readonly package: string }

const UPDATE_MS = 3 * 60_000
const INSTALL_MS = 8 * 60_000

/**
 * Makes sure that every need is met, installing Debian packages when this is a Debian and we are root. Returns
 * undefined, or the reason why the part cannot run here.
 */
export function meet(needs: readonly Need[]): string | undefined {
  const missing = needs.filter(need => !isThere(need.command))
  if (missing.length === 0) return undefined
  const commands = missing.map(need => need.command).join(', ')
  if (process.getuid?.() !== 0) return `${commands} not found, and only root can install it`
  if (!isThere('apt-get')) return `${commands} not found, and there is no apt-get to install it with`
  const packages = missing.map(need => need.package)
  console.log(`  installing ${packages.join(', ')}`)
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const wanted = ['install', '-y', '--no-install-recommends', ...packages]
  for (const [args, timeout] of [
    [['update'], UPDATE_MS],
    [wanted, INSTALL_MS],
  ] as const) {
    const { status, stderr } = spawnSync('apt-get', [...args], {
      env: environment,
      timeout,
      encoding: 'utf8',
    })
    if (status !== 0)
      return `apt-get ${args.join(' ')} failed: ${stderr.trim().split('\n').at(-1) ?? 'no reason given'}`
  }
  return missing.every(need => isThere(need.command)) ? undefined : `${commands} not found after installing`
}

function isThere(command: string): boolean {
  const folders = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin`.split(':')
  return folders.some(folder => folder !== '' && existsSync(join(folder, command)))
}
