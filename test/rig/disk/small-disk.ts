import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real file system of a few megabytes, or an ordinary folder where nothing may be mounted. */
export type SmallDisk = {
  readonly folder: string
  readonly mounted: boolean
  /** Takes up room until so much of it is used; 1 leaves none at all. */
  fillTo(used: number): void
  makeRoom(): void
  setReadOnly(readOnly: boolean): void
  remove(): void
}

const SIZE = '48m'
const BLOCK = 4_096

/** Mounts it when this process may. */
export function smallDisk(): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'postern-disk-'))
  const mounted = mount('-t', 'tmpfs', '-o', `size=${SIZE},mode=0700`, 'tmpfs', folder)
  const fillers = join(folder, 'fillers')
  return {
    folder,
    mounted,
    fillTo(used) {
      mkdirSync(fillers, { recursive: true })
      fill(join(fillers, String(used)), used)
    },
    makeRoom: () => rmSync(fillers, { recursive: true, force: true }),
    setReadOnly(readOnly) {
      if (!mount('-o', `remount,${readOnly ? 'ro' : 'rw'}`, folder)) throw new Error('cannot remount')
    },
    remove() {
      if (mounted) spawnSync('umount', ['-l', folder])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function mount(...args: readonly string[]): boolean {
  return spawnSync('mount', args, { stdio: 'ignore' }).status === 0
}

function fill(file: string, used: number): void {
  const handle = openSync(file, 'w')
  const block = Buffer.alloc(BLOCK)
  try {
    for (;;) {
      const { blocks, bavail } = statfsSync(file)
      if (1 - bavail / blocks >= used && used < 1) return
      writeSync(handle, block)
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  } finally {
    closeSync(handle)
  }
}

/** Lets a running process write no file beyond so many bytes: each write behind them is an I/O error. Needs no right. */
export function limitFileSize(pid: number, bytes: number | 'unlimited'): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`prlimit: ${stderr}`)
}
