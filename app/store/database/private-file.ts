import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { PosternError, reasonOf } from '../../lib/error.ts'

/**
 * Creates an empty file that only its owner may read; SQLite gives its `-wal` and `-shm` the same mode. A file that exists
 * is not even opened: closing it again would drop this process's locks on it. Throws `store.cannot_open`.
 */
export function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') {
      assertWritable(file)
      return
    }
    throw new PosternError('store.cannot_open', `a file of the store cannot be made: ${reasonOf(cause)}`, {
      cause,
    })
  }
}

/**
 * Throws `store.cannot_open` for what this process may not write. SQLite would open it all the same, to read: a store that
 * refuses every write, and a lock that keeps nobody out.
 */
export function assertWritable(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
  } catch (cause) {
    const remedy = 'check that the data folder belongs to this user and is not on a read-only disk'
    throw new PosternError(
      'store.cannot_open',
      `the store cannot be written: ${remedy} (${reasonOf(cause)})`,
      {
        cause,
      },
    )
  }
}
