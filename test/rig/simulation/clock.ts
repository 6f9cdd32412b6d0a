import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'

type Timer = { readonly dueMs: number; readonly act: () => void }

/** The time of a simulation: it stands still while anything can still be done, then jumps to the next timer. */
export type Clock = {
  now(): Date
  after(ms: number, act: () => void): () => void
  /** Runs the next timer; false when none is left. */
  advance(): boolean
  /** Drops every timer, as the end of a process does. */
  forget(): void
  /** Puts itself in the place of Node's timers, for all modules. Returns the way back. */
  install(): () => void
}

const BEGINNING_MS = Date.UTC(2030, 0, 1)

export function createClock(): Clock {
  const waiting = new Set<Timer>()
  let nowMs = BEGINNING_MS

  function after(ms: number, act: () => void): () => void {
    const timer = { dueMs: nowMs + Math.max(1, ms), act }
    waiting.add(timer)
    return () => void waiting.delete(timer)
  }

  return {
    now: () => new Date(nowMs),
    after,
    advance() {
      let next: Timer | undefined
      for (const timer of waiting) {
        if (next === undefined || timer.dueMs < next.dueMs) next = timer // of equals, the first one set
      }
      if (next === undefined) return false
      waiting.delete(next)
      nowMs = next.dueMs
      next.act()
      return true
    },
    forget: () => waiting.clear(),
    install: () => install(after),
  }
}

function install(after: Clock['after']): () => void {
  const plain = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }
  const plainSleep = timers.setTimeout
  Object.assign(globalThis, {
    setTimeout: (act: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) =>
      after(ms, () => act(...values)),
    clearTimeout: (cancel: unknown) => void (typeof cancel === 'function' && cancel()),
  })
  const sleep = (ms = 0, value?: unknown) => new Promise(resolve => after(ms, () => resolve(value)))
  Object.assign(timers, { setTimeout: sleep })
  syncBuiltinESMExports()
  return () => {
    Object.assign(globalThis, plain)
    Object.assign(timers, { setTimeout: plainSleep })
    syncBuiltinESMExports()
  }
}
