import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export type UpProcessOptions = {
  /** Node's arguments: the program and its own. */
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly dataDir: string
  readonly withinMs: number
}

/** A supervisor in a process of its own, which can be started again over the same folder. */
export type UpProcess = {
  /** Resolves once `endpoints.json` is there. Throws with what was said when it does not come. */
  start(): Promise<void>
  /** Ctrl-C, then waits for the end; answers the exit code. */
  stop(): Promise<number | null>
  isRunning(): boolean
  /** All that was said so far, over every start. */
  log(): string
}

export function upProcess({ args, cwd, env, dataDir, withinMs }: UpProcessOptions): UpProcess {
  let child: ChildProcess | undefined
  let log = ''
  return {
    async start() {
      const started = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
      child = started
      for (const stream of [started.stdout, started.stderr]) stream.on('data', chunk => (log += chunk))
      const deadline = Date.now() + withinMs
      while (!existsSync(join(dataDir, 'run', 'endpoints.json'))) {
        if (started.exitCode !== null || Date.now() > deadline)
          throw new Error(`it did not come up (exit ${started.exitCode}):\n${log.slice(-4_000)}`)
        await sleep(50)
      }
    },
    async stop() {
      if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null
      const gone = new Promise<void>(resolve => child?.once('exit', () => resolve()))
      child.kill('SIGINT')
      await gone
      return child.exitCode
    },
    isRunning: () => child !== undefined && child.exitCode === null,
    log: () => log,
  }
}
