import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes a whole file in one step: a reader, or a power cut, meets the old content or the new, never half. */
export function replaceFile(path: string, content: string | Uint8Array, mode: number): void {
  const next = `${path}.${randomBytes(4).toString('hex')}.next`
  try {
    const file = openSync(next, 'wx', mode)
    try {
      writeSync(file, Buffer.from(content as Uint8Array))
      flush(file)
    } finally {
      closeSync(file)
    }
    renameSync(next, path)
    syncFolder(dirname(path))
  } catch (error) {
    rmSync(next, { force: true })
    throw error
  }
}

/** Makes a folder, and what is missing above it, for its owner alone. An existing one keeps its mode. */
export function privateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    flush(folder)
  } finally {
    closeSync(folder)
  }
}

/** Node refuses fsync under its permission model; what the running app must not lose is in the store, which flushes itself. */
function flush(descriptor: number): void {
  if (process.permission === undefined) fsyncSync(descriptor)
}
