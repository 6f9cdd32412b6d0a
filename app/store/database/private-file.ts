import { closeSync, openSync } from 'node:fs'
import { PosternError, reasonOf } from '../../lib/error.ts'

/**
 * Creates an empty file that only its owner may read; SQLite gives its `-wal` and `-shm` the same mode. A file that exists
 * is not even opened: closing it again would drop this process's locks on it. Throws `store.cannot_open`.
 */
export function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return
    throw new PosternError('store.cannot_open', `a file of the store cannot be made: ${reasonOf(cause)}`, {
      cause,
    })
  }
}
