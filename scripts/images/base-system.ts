import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What was fetched for tests and may be thrown away. */
export const CACHE = join(import.meta.dirname, '../../.runtime/cache')

/** Debian 12, as the design's clean machine. */
export const SUITE = 'bookworm'

/** The path of a tar file with a minimal Debian, made by debootstrap (as root, a minute) when it is not there yet. */
export function baseSystem(): string {
  const file = join(CACHE, `${SUITE}-minbase.tar`)
  if (existsSync(file)) return file
  mkdirSync(CACHE, { recursive: true })
  const work = mkdtempSync(join(tmpdir(), 'debootstrap-')) // debootstrap cannot work below a path with a space
  try {
    execFileSync('debootstrap', ['--variant=minbase', SUITE, join(work, 'root'), archive()], {
      stdio: 'pipe',
    })
    const next = `${file}.${process.pid}.next`
    execFileSync('tar', ['-cf', next, '-C', join(work, 'root'), '.'])
    renameSync(next, file)
    return file
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The archive that this machine itself is installed from. */
function archive(): string {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    if (!existsSync(file)) continue
    const found = /^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s*(\S+)/m.exec(readFileSync(file, 'utf8'))
    if (found?.[1] !== undefined) return found[1]
  }
  throw new Error('no Debian archive is named in /etc/apt')
}
