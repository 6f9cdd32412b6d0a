import { PosternError, reasonOf } from '../../lib/error.ts'

const SENTENCES = {
  'store.busy': 'the database is locked by another process',
  'store.io': 'the disk failed while the database was reading or writing',
  'store.corrupt': 'the database file is damaged: restore a backup',
  'store.full': 'the disk is full: make room',
  'store.cannot_open': 'the database cannot be opened: check that the data folder belongs to this user',
  'store.conflict': 'the row contradicts one that is there already',
  'store.failed': 'the database refused',
} as const

type FailureCode = keyof typeof SENTENCES

/** SQLite's primary result codes (sqlite.org/rescode.html) that mean something to whoever runs the appliance. */
const CODES: Readonly<Record<number, FailureCode>> = {
  5: 'store.busy',
  6: 'store.busy',
  8: 'store.io',
  10: 'store.io',
  11: 'store.corrupt',
  13: 'store.full',
  14: 'store.cannot_open',
  19: 'store.conflict',
  26: 'store.corrupt',
}

function storeErrorOf(error: unknown): PosternError {
  if (error instanceof PosternError) return error
  const result = typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) : 0
  const code = CODES[result & 0xff] ?? 'store.failed'
  return new PosternError(code, `${SENTENCES[code]} (${reasonOf(error)})`, { cause: error })
}

/** True when what was read is not what was written, or its key is gone: another try changes nothing. */
export function isDamage(error: unknown): error is PosternError {
  return error instanceof PosternError && error.code === 'store.corrupt'
}

/** What `read` gives, or what `otherwise` makes of the damage. */
export function unlessDamaged<T, D>(read: () => T, otherwise: (damage: PosternError) => D): T | D {
  try {
    return read()
  } catch (error) {
    if (!isDamage(error)) throw error
    return otherwise(error)
  }
}

/** The rows that can be read, each with what it says. What is damaged is left out. */
export function undamaged<Row, Item>(
  rows: readonly Row[],
  read: (row: Row) => Item,
): readonly { readonly row: Row; readonly item: Item }[] {
  return rows.flatMap(row =>
    unlessDamaged(
      () => [{ row, item: read(row) }],
      () => [],
    ),
  )
}

const PASSING = new Set<string>([
  'store.busy',
  'store.cannot_open', // no file handle may be free
  'store.full',
  'store.io',
] satisfies FailureCode[])

/** True for a failure that the same act need not meet again. */
export function canPass(error: unknown): boolean {
  return error instanceof PosternError && PASSING.has(error.code)
}

/** Turns what SQLite throws into a PosternError of the codes above. SQLite names tables and columns, never values. */
export const storeError = {
  of: storeErrorOf,
  around<T>(act: () => T): T {
    try {
      return act()
    } catch (error) {
      throw storeErrorOf(error)
    }
  },
} as const
