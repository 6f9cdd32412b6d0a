import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Connection } from './connection.ts'
import { createPrivately } from './private-file.ts'

/** A copy holds what has been erased since: it is for going back soon, and no backup. */
const KEPT_MS = 14 * 24 * 60 * 60 * 1_000

/**
 * Leaves a whole copy of the database beside it before another schema is put in, as `postern.db.schema-N`, and answers its
 * path. One copy is kept, the newest. Throws `store.*`, `store.full` among them, having changed nothing.
 */
export function copyBefore(db: Connection, file: string, schema: number): string {
  const copy = `${file}.schema-${schema}`
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
  removeCopies(file, () => true)
  renameSync(next, copy)
  return copy
}

/** Removes a copy that is older than two weeks. */
export function forgetOldCopy(file: string, now: Date): void {
  removeCopies(file, copy => now.getTime() - statSync(copy).mtimeMs > KEPT_MS)
}

function removeCopies(file: string, isUnwanted: (copy: string) => boolean): void {
  const folder = dirname(file)
  const copies = readdirSync(folder).filter(
    name => /\.schema-\d+$/.test(name) && name.startsWith(basename(file)),
  )
  for (const copy of copies.map(name => join(folder, name))) if (isUnwanted(copy)) rmSync(copy)
}

function syncToDisk(file: string): void {
  const descriptor = openSync(file, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
