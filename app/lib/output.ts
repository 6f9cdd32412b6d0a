/** The process's own ways out as they are when it starts, before anybody can take them away. */
const out = process.stdout.write.bind(process.stdout)
const err = process.stderr.write.bind(process.stderr)

/** Writes to standard output, also when that is closed to everybody else. */
export function writeOut(text: string | Uint8Array, done?: (error?: Error | null) => void): void {
  out(text, done)
}

/** Writes to standard error, also when that is closed to everybody else. */
export function writeErr(text: string): void {
  err(text)
}

/**
 * From now on only the two functions above write anything, whatever a library does, in this thread or in another: what it
 * says may hold keys and messages. `refused` is told that something was not written, and never what.
 */
export function closeOutput(refused: (stream: 'stdout' | 'stderr') => void): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    process[stream].write = (_chunk: unknown, second?: unknown, third?: unknown) => {
      refused(stream)
      const done = typeof second === 'function' ? second : third
      if (typeof done === 'function') queueMicrotask(() => done())
      return true
    }
  }
}
