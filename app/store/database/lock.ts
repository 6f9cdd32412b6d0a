import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PosternError } from '../../lib/error.ts'
import { storeError } from './failures.ts'
import { createPrivately } from './private-file.ts'

const LOCK_FILE = 'postern.lock'

/**
 * Takes the data folder for this process, until `release` or the process's end, however it ends: the lock is the kernel's,
 * on a file of its own, held by an open SQLite transaction. Throws `store.locked` when another holds it.
 *
 * POSIX drops such a lock when the same process closes *any* descriptor of the file, so nothing in this process may read
 * `postern.lock` (nor the database files) with `node:fs` while the store is open.
 */
export function lockDataFolder(dataDir: string): { release(): void } {
  const file = join(dataDir, LOCK_FILE)
  createPrivately(file)
  const db = storeError.around(() => new DatabaseSync(file, { timeout: 0 }))
  try {
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    const error = storeError.of(cause)
    if (error.code !== 'store.busy') throw error
    throw new PosternError(
      'store.locked',
      `the data folder ${dataDir} belongs to a running appliance: stop it first, or use another folder with --data DIR`,
      { cause },
    )
  }
  return { release: () => db.close() }
}
