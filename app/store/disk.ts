import { statfs } from 'node:fs/promises'
import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'

/** `low`: somebody should make room. `full`: nothing new is taken from callers; what comes in from WhatsApp goes on. */
export type DiskLevel = 'ok' | 'low' | 'full'

/** `used` is the part of the disk that is taken, from 0 to 1. */
export type DiskState = { readonly level: DiskLevel; readonly used: number }
export type DiskListener = (state: DiskState, before: DiskLevel) => void

/** Blocks of the file system in all, and those that this process may still take. */
export type Statfs = (path: string) => Promise<{ readonly blocks: number; readonly bavail: number }>

export type Disk = {
  state(): DiskState
  /** Calls `listener` at each change, and at once when not all is well. */
  onChange(listener: DiskListener): void
}

export type DiskWatch = Disk & {
  look(): Promise<void>
  stop(): void
}

const LOW_FROM = 0.9
const FULL_FROM = 0.97
/** It is better again only this much below, so that a disk at the mark does not ring all day. */
const SLACK = 0.01
const EVERY_MS = 2_000

/**
 * Watches how full the file system of a file is. Of a file, because Node's permission model may refuse a folder whose files
 * it allows, once something beside it has a name that begins alike.
 */
export function createDiskWatch(
  file: string,
  { log, measure = statfs }: { readonly log: Log; readonly measure?: Statfs | undefined },
): DiskWatch {
  const listeners: DiskListener[] = []
  let state: DiskState = { level: 'ok', used: 0 }
  const timer = setInterval(look, EVERY_MS)
  timer.unref()

  async function look(): Promise<void> {
    try {
      const { blocks, bavail } = await measure(file)
      if (blocks <= 0) return // a file system that does not say
      const before = state.level
      const used = 1 - bavail / blocks
      state = { used, level: levelOf(used, before) }
      if (state.level !== before) for (const tell of listeners) tell(state, before)
    } catch (error) {
      log.error('disk.unknown', { reason: reasonOf(error) })
    }
  }

  return {
    state: () => state,
    onChange(listener) {
      listeners.push(listener)
      if (state.level !== 'ok') listener(state, 'ok')
    },
    look,
    stop: () => clearInterval(timer),
  }
}

/** What a part of the disk that is taken means, from 0 to 1, after what it was before. */
export function levelOf(used: number, before: DiskLevel): DiskLevel {
  if (used >= FULL_FROM - (before === 'full' ? SLACK : 0)) return 'full'
  return used >= LOW_FROM - (before === 'ok' ? 0 : SLACK) ? 'low' : 'ok'
}
