import { closeSync, openSync } from 'node:fs'

/**
 * Creates an empty file that only its owner may read; SQLite gives its `-wal` and `-shm` the same mode. A file that exists
 * is not even opened: closing it again would drop this process's locks on it.
 */
export function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}
