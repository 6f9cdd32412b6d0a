import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

/** Ends the parts when this process is killed and cannot do it itself. */
export type Guard = {
  /** From now on this process is to end with us. */
  add(pid: number): void
  /** It has ended; the number may soon be somebody else's. */
  remove(pid: number): void
  /** Nothing is left to guard. Resolves when the guard is gone. */
  close(): Promise<void>
}

const SCRIPT = join(import.meta.dirname, 'guard.sh')
const AGAIN_AFTER_MS = 1_000

/**
 * Starts the guard: a shell that reads process ids from a pipe. The kernel closes the pipe with us, so that even `kill -9`
 * leaves nothing behind. A guard that dies is replaced. `endpointsFile` goes with the parts.
 */
export function startGuard(endpointsFile: string): Guard {
  const pids = new Set<number>()
  let closed = false
  let again: NodeJS.Timeout | undefined
  let child = launch()
  return {
    add(pid) {
      pids.add(pid)
      say('up', pid)
    },
    remove(pid) {
      pids.delete(pid)
      say('down', pid)
    },
    async close() {
      closed = true
      clearTimeout(again)
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
      const gone = new Promise(resolve => child.once('exit', resolve))
      for (const pid of pids) say('down', pid)
      child.stdin?.end()
      await gone
    },
  }

  function launch(): ChildProcess {
    const started = spawn('/bin/sh', [SCRIPT, endpointsFile], {
      stdio: ['pipe', 'ignore', 'inherit'],
      env: { PATH: '/usr/bin:/bin' },
      detached: true, // neither Ctrl-C nor the end of the terminal reaches it
    })
    started.stdin?.on('error', () => {}) // it has died; its replacement is told everything
    started.once('error', () => {})
    started.once('exit', () => {
      if (closed) return
      again = setTimeout(() => {
        child = launch()
        for (const pid of pids) say('up', pid)
      }, AGAIN_AFTER_MS)
    })
    return started
  }

  function say(word: 'up' | 'down', pid: number): void {
    child.stdin?.write(`${word} ${pid}\n`)
  }
}
