import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import type { Connection } from './connection.ts'
import { createPrivately } from './private-file.ts'

/** A copy holds what has been erased since: it is for going back soon, and no backup. */
const KEPT_MS = 14 * 24 * 60 * 60 * 1_000

/**
 * Leaves a whole copy of the database beside it before another schema is put in, as `postern.db.schema-N`, and answers its
 * path. One copy is kept, the newest. Throws `store.*`, `store.full` among them, having changed nothing.
 */
export function copyBefore(db: Connection, file: string, schema: number): string {
  const copy = copyOf(file, schema)
  const next = `${copy}.next`
  rmSync(next, { force: true })
  try {
    createPrivately(next)
    db.run('VACUUM INTO ?', next)
    syncToDisk(next)
  } catch (error) {
    rmSync(next, { force: true })
    throw error
  }
  removeCopies(file, schema, () => true)
  renameSync(next, copy)
  return copy
}

/** Removes copies of the schemas up to `newest` that are older than two weeks. */
export function forgetOldCopy(file: string, newest: number, now: Date): void {
  removeCopies(file, newest, copy => now.getTime() - statSync(copy).mtimeMs > KEPT_MS)
}

/** Asks for each by its name: Node's permission model may refuse a list of the data folder when another folder's name begins with its. */
function removeCopies(file: string, newest: number, isUnwanted: (copy: string) => boolean): void {
  const copies = Array.from({ length: newest }, (_, n) => copyOf(file, n + 1)).filter(copy =>
    existsSync(copy),
  )
  for (const copy of copies) if (isUnwanted(copy)) rmSync(copy)
}

function copyOf(file: string, schema: number): string {
  return `${file}.schema-${schema}`
}

function syncToDisk(file: string): void {
  const descriptor = openSync(file, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
