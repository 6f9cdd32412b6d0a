import { PosternError } from '../../lib/error.ts'
import type { Connection } from './connection.ts'

/** Without them the rest is worth nothing. They are small: a row for a device, a key or a session. */
const FIRST: readonly string[] = ['meta', 'data_keys', 'accounts', 'devices', 'signal_keys']

/** What a start looks at, and what it leaves for later because it grows with every message. */
export function tablesOf(db: Connection): {
  readonly first: readonly string[]
  readonly rest: readonly string[]
} {
  const tables = db.all<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  )
  const names = tables.map(({ name }) => name)
  return {
    first: FIRST.filter(name => names.includes(name)),
    rest: names.filter(name => !FIRST.includes(name)),
  }
}

/** Looks for torn pages and for rows that are in no index. Throws `store.corrupt` with what is wrong and the remedy. */
export function quickCheck(db: Connection, tables: readonly string[]): void {
  for (const name of tables) {
    const [first] = db.all<Record<string, string>>(`PRAGMA quick_check('${name}')`)
    const found = Object.values(first ?? {})[0]
    if (found !== 'ok') throw damaged(name, found ?? 'no answer')
  }
}

function damaged(table: string, found: string): PosternError {
  return new PosternError(
    'store.corrupt',
    `the database file is damaged (${table}: ${found}): restore a backup, or move postern.db away to begin anew`,
  )
}
