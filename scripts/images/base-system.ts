import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What was fetched for tests and may be thrown away. */
export const CACHE = join(import.meta.dirname, '../../.runtime/cache')

/** Debian 12, as the design's clean machine. */
export const SUITE = 'bookworm'

const LOOK_EVERY_MS = 500
/** Longer than debootstrap ever takes: who holds the lock then was killed. */
const LOCK_LASTS_MS = 10 * 60_000

/**
 * The path of a tar file with a minimal Debian, made by debootstrap (as root, a minute) when it is not there yet. Of two
 * processes that want it at once, one makes it and the other waits.
 */
export function baseSystem(): string {
  const file = join(CACHE, `${SUITE}-minbase.tar`)
  mkdirSync(CACHE, { recursive: true })
  const lock = `${file}.lock`
  while (!existsSync(file)) {
    if (take(lock)) {
      try {
        if (!existsSync(file)) make(file)
      } finally {
        rmSync(lock, { recursive: true, force: true })
      }
    } else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY_MS)
  }
  return file
}

/** False when another process has it. */
function take(lock: string): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - since > LOCK_LASTS_MS) rmSync(lock, { recursive: true, force: true })
    return false
  }
}

function make(file: string): void {
  const work = mkdtempSync(join(tmpdir(), 'debootstrap-')) // debootstrap cannot work below a path with a space
  try {
    execFileSync('debootstrap', ['--variant=minbase', SUITE, join(work, 'root'), archive()], {
      stdio: 'pipe',
    })
    const next = `${file}.${process.pid}.next`
    execFileSync('tar', ['-cf', next, '-C', join(work, 'root'), '.'])
    renameSync(next, file)
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
