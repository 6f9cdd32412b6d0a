import { PosternError } from '../../lib/error.ts'
import type { Connection } from './connection.ts'

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
 * Brings the schema up to the newest of `migrations`, each step with its number in one transaction, so that a kill between
 * two of them leaves a whole version. `onCreate` runs in the transaction of the first. Throws `store.too_new`.
 */
export function migrate(db: Connection, migrations: readonly string[], onCreate: () => void): void {
  const from = schemaVersion(db)
  if (from > migrations.length) {
    throw new PosternError(
      'store.too_new',
      `the store was written by a newer Postern (schema ${from}, this one knows ${migrations.length}): ` +
        'install that version again, or restore a backup made before it',
    )
  }
  migrations.slice(from).forEach((sql, index) => {
    const version = from + index + 1
    db.transaction(() => {
      db.script(sql)
      if (version === 1) onCreate()
      db.script(`PRAGMA user_version = ${version}`)
    })
  })
}
