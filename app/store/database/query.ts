import type { SQLInputValue } from 'node:sqlite'
import { PosternError } from '../../lib/error.ts'
import type { Page } from '../effects.ts'
import type { Connection } from './connection.ts'

/** One condition of a list; left out when its value is undefined. */
export type Condition = readonly [sql: string, value: SQLInputValue | undefined]

/** The WHERE of a list with the values it binds. There are few combinations, so the statements stay prepared. */
export function where(conditions: readonly Condition[]): { sql: string; values: SQLInputValue[] } {
  const parts: string[] = []
  const values: SQLInputValue[] = []
  for (const [sql, value] of conditions) {
    if (value === undefined) continue
    parts.push(sql)
    values.push(value)
  }
  return { sql: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`, values }
}

/** In the place of `LIMIT ?`: SQLite plans a statement anew whenever a bare limit is bound, at ten times the cost of a claim. */
export const AT_MOST = 'LIMIT 0 + ?'

/** A page from rows that were asked for with one more than `limit`: the extra one only says that there are more. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  read: { item(row: Row): Item; cursor(row: Row): string },
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(row => read.item(row)),
    next: rows.length > limit && last !== undefined ? read.cursor(last) : null,
  }
}

/** A cursor is the id of the last item shown. Throws `store.bad_cursor` when there is no such item. */
export function seqOfCursor(db: Connection, sql: string, ...values: SQLInputValue[]): number {
  const row = db.get<{ seq: number }>(sql, ...values)
  if (row === undefined)
    throw new PosternError('store.bad_cursor', 'the cursor is not one that this list gave out')
  return row.seq
}

/** An instant from a column; undefined from NULL. */
export function instant(ms: number | null): Date | undefined {
  return ms === null ? undefined : new Date(ms)
}
