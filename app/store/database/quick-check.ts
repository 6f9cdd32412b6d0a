import { PosternError } from '../../lib/error.ts'
import type { Log } from '../../lib/log.ts'
import type { Connection } from './connection.ts'

/** No further table is begun after this: a start must not take minutes, and keys and devices come first. */
const WITHIN_MS = 5_000
/** Without them the rest is worth nothing; all others follow from the smallest name on. */
const FIRST: readonly string[] = ['meta', 'data_keys', 'accounts', 'devices', 'signal_keys', 'journal']

/**
 * Looks for damage after a process that did not close the store: torn pages, rows that are in no index. Table by table,
 * for a few seconds at most. Throws `store.corrupt`.
 */
export function quickCheck(db: Connection, log: Log): void {
  const begunAt = performance.now()
  const tables = db.all<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  )
  const names = tables.map(({ name }) => name)
  const ordered = [
    ...FIRST.filter(name => names.includes(name)),
    ...names.filter(name => !FIRST.includes(name)),
  ]
  let checked = 0
  for (const name of ordered) {
    if (performance.now() - begunAt > WITHIN_MS) break
    const [first] = db.all<Record<string, string>>(`PRAGMA quick_check('${name}')`)
    const found = Object.values(first ?? {})[0]
    if (found !== 'ok') throw damaged(name, found ?? 'no answer')
    checked++
  }
  const ms = Math.round(performance.now() - begunAt)
  log.info('store.checked', { tables: checked, skipped: ordered.length - checked, ms })
}

function damaged(table: string, found: string): PosternError {
  return new PosternError(
    'store.corrupt',
    `the database file is damaged (${table}: ${found}): restore a backup, or move postern.db away to begin anew`,
  )
}
