import { parentPort, workerData } from 'node:worker_threads'
import { reasonOf } from '../../lib/error.ts'
import { Connection } from './connection.ts'
import { isDamage } from './failures.ts'
import { quickCheck, tablesOf } from './quick-check.ts'

/** `unknown`: the check itself could not be made, which says nothing of the database. */
export type Checked =
  | { readonly kind: 'sound'; readonly tables: number; readonly ms: number }
  | { readonly kind: 'damaged' | 'unknown'; readonly reason: string }

// Looks through the tables that a start leaves for later; see later-check.ts.

parentPort?.postMessage(look(workerData as string))

function look(file: string): Checked {
  const begunAt = performance.now()
  try {
    const db = Connection.open(file, 'read')
    try {
      const { rest } = tablesOf(db)
      quickCheck(db, rest)
      return { kind: 'sound', tables: rest.length, ms: Math.round(performance.now() - begunAt) }
    } finally {
      db.close()
    }
  } catch (error) {
    return { kind: isDamage(error) ? 'damaged' : 'unknown', reason: reasonOf(error) }
  }
}
