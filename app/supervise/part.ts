import { type ChildProcess, spawn } from 'node:child_process'
import { type Backoff, backoffMs } from '../lib/backoff.ts'
import { PosternError, reasonOf } from '../lib/error.ts'

/** How to run one part of the appliance. The environment is complete: nothing is inherited. */
export type PartSpec = {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** True once the part answers. Asked every 50 ms while it starts. */
  readonly ready: () => Promise<boolean>
  readonly readyWithinMs: number
  /** File descriptors for the part's standard output and error. */
  readonly output: { readonly stdout: number; readonly stderr: number }
}

export type PartDeps = {
  readonly now: () => Date
  readonly random: () => number
  /** Called when the part is up again after a death, with its new process id. */
  readonly onRestart: (part: Part) => void
  /** Called when the part cannot be kept up; the appliance ends with this reason and code. */
  readonly onGiveUp: (part: Part, reason: string, exitCode: number) => void
}

const RESTART: Backoff = { baseMs: 200, maxMs: 10_000 }
const SETTLED_AFTER_MS = 60_000
const MAX_SHORT_LIVES = 5
const ASK_EVERY_MS = 50
const KILL_AFTER_MS = 10_000

/**
 * One child process that is kept alive. A part that dies is started again with backoff; one that cannot stay up for a
 * minute five times in a row is given up, and so is one that dies before it was ever ready, with its own exit code.
 */
export class Part {
  readonly spec: PartSpec
  readonly #deps: PartDeps
  #child: ChildProcess | undefined
  #startedAt = 0
  #shortLives = 0
  #stopping = false
  #everReady = false

  constructor(spec: PartSpec, deps: PartDeps) {
    this.spec = spec
    this.#deps = deps
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts the part and waits until it answers. Throws PosternError `part.failed` when it does not. */
  async start(): Promise<void> {
    const child = this.#spawn()
    const deadline = this.#startedAt + this.spec.readyWithinMs
    while (!(await this.spec.ready())) {
      if (hasEnded(child)) throw failed(this.spec.name, endOf(child), child.exitCode ?? 1)
      if (this.#now() > deadline) {
        await this.stop()
        throw failed(this.spec.name, `gave no answer within ${this.spec.readyWithinMs / 1_000} s`, 1)
      }
      await sleep(ASK_EVERY_MS)
    }
    this.#everReady = true
  }

  /** Asks the part to end, and ends it after ten seconds. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (child === undefined || hasEnded(child)) return
    const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
    await gone
    clearTimeout(killer)
  }

  #now(): number {
    return this.#deps.now().getTime()
  }

  #spawn(): ChildProcess {
    const { command, args, env, cwd, output } = this.spec
    const child = spawn(command, args, {
      cwd,
      env: { ...env },
      stdio: ['ignore', output.stdout, output.stderr],
      detached: true, // Ctrl-C in a terminal reaches the supervisor alone, which ends the parts in order
    })
    this.#child = child
    this.#startedAt = this.#now()
    child.once('error', error => this.#deps.onGiveUp(this, reasonOf(error), 1))
    child.once('exit', () => this.#exited(child))
    return child
  }

  #exited(child: ChildProcess): void {
    if (this.#stopping || !this.#everReady) return
    this.#shortLives = this.#now() - this.#startedAt < SETTLED_AFTER_MS ? this.#shortLives + 1 : 0
    if (this.#shortLives >= MAX_SHORT_LIVES) {
      const reason = `could not stay up for a minute ${MAX_SHORT_LIVES} times in a row (last: ${endOf(child)})`
      this.#deps.onGiveUp(this, reason, child.exitCode ?? 1)
      return
    }
    void this.#restart(child)
  }

  async #restart(dead: ChildProcess): Promise<void> {
    const waitMs = backoffMs(Math.max(0, this.#shortLives - 1), RESTART, this.#deps.random)
    console.error(`postern: ${this.spec.name} ${endOf(dead)}; starting it again in ${waitMs} ms`)
    await sleep(waitMs)
    if (this.#stopping) return
    try {
      await this.start()
      this.#deps.onRestart(this)
    } catch (error) {
      const exitCode = error instanceof PartFailure ? error.exitCode : 1
      if (!this.#stopping) this.#deps.onGiveUp(this, reasonOf(error), exitCode)
    }
  }
}

/** A part that did not come up; `exitCode` is its own when it ended by itself. */
export class PartFailure extends PosternError {
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super('part.failed', message)
    this.exitCode = exitCode
  }
}

function failed(name: string, how: string, exitCode: number): PartFailure {
  return new PartFailure(`${name} ${how}`, exitCode)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function endOf(child: ChildProcess): string {
  return child.signalCode === null ? `ended with code ${child.exitCode}` : `was ended by ${child.signalCode}`
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
