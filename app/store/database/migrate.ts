import { PosternError, reasonOf } from '../../lib/error.ts'
import type { Connection } from './connection.ts'

/** What has nothing to do with the step, and says itself what to do. */
const PASSES = /^store\.(full|io|busy)$/

/** The schema version of a database; 0 when it is empty. Throws `store.corrupt` for a database that is somebody else's. */
export function schemaVersion(db: Connection): number {
  const version = db.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0
  const tables = db.get<{ n: number }>('SELECT count(*) AS n FROM sqlite_schema')?.n ?? 0
  if (version > 0 || tables === 0) return version
  throw new PosternError(
    'store.corrupt',
    'postern.db is a database, but not one of Postern: use another data folder',
  )
}

/**
 * Brings the schema up to the newest of `migrations`, all steps in one transaction: after a failure or a kill in the
 * middle, the version of Postern that wrote the store can go on with it. `onCreate` runs in the transaction of the first.
 * Throws `store.too_new`, and `store.migration_failed` having changed nothing.
 */
export function migrate(db: Connection, migrations: readonly string[], onCreate: () => void): void {
  const from = schemaVersion(db)
  if (from === migrations.length) return
  if (from > migrations.length) {
    throw new PosternError(
      'store.too_new',
      `the store was written by a newer Postern (schema ${from}, this one knows ${migrations.length}): ` +
        'install that version again, or restore a backup made before it',
    )
  }
  let version = from
  try {
    db.transaction(() => {
      for (const sql of migrations.slice(from)) {
        version += 1
        db.script(sql)
        if (version === 1) onCreate()
        db.script(`PRAGMA user_version = ${version}`)
      }
    })
  } catch (cause) {
    if (cause instanceof PosternError && PASSES.test(cause.code)) throw cause
    throw new PosternError(
      'store.migration_failed',
      `the store could not be brought from schema ${from} to ${version} (${reasonOf(cause)}): nothing was changed, ` +
        'and the version of Postern before this one can go on with it',
      { cause },
    )
  }
}
