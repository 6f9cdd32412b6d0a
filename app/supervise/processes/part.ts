import { type ChildProcess, spawn } from 'node:child_process'
import { type Backoff, backoffMs } from '../../lib/backoff.ts'
import { EX_CONFIG, PosternError, reasonOf } from '../../lib/error.ts'
import type { Guard } from './guard.ts'

/** How to run one part of the appliance. The environment is complete: nothing is inherited. */
export type PartSpec = {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Called before each life. */
  readonly prepare?: () => void
  /** True once the part answers. Asked every 50 ms while it starts. */
  readonly ready: () => Promise<boolean>
  readonly readyWithinMs: number
  /** File descriptors for the part's standard output and error. */
  readonly output: { readonly stdout: number; readonly stderr: number }
}

export type PartDeps = {
  readonly now: () => Date
  readonly random: () => number
  readonly guard: Pick<Guard, 'add' | 'remove'>
  /** Told, in one sentence, what a person should know: a death, and when the part is started again. */
  readonly tell: (sentence: string) => void
  /** Called when the part is up again after a death, with its new process id. */
  readonly onRestart: (part: Part) => void
  /** Called when the part cannot be kept up; the appliance ends with this reason and code. */
  readonly onGiveUp: (part: Part, reason: string, exitCode: number) => void
}

/** One process of a part. `ended` resolves with how it ended, in words; it never rejects. */
type Life = {
  readonly child: ChildProcess
  readonly startedAt: number
  readonly ended: Promise<string>
  how?: string
}

const RESTART: Backoff = { baseMs: 200, maxMs: 10_000 }
const SETTLED_AFTER_MS = 60_000
const MAX_SHORT_LIVES = 5
const ASK_EVERY_MS = 50
const KILL_AFTER_MS = 10_000

/**
 * One child process that is kept alive. A part that dies is started again: at once when it had been up for a minute,
 * otherwise with backoff. It is given up when it cannot stay
 * up for a minute five times in a row, or when it ends with 78: then a person must change something first.
 */
export class Part {
  readonly spec: PartSpec
  readonly #deps: PartDeps
  readonly #stopping = new AbortController()
  #life: Life | undefined
  #shortLives = 0

  constructor(spec: PartSpec, deps: PartDeps) {
    this.spec = spec
    this.#deps = deps
  }

  get pid(): number | undefined {
    return this.#life?.child.pid
  }

  /** Starts the part and waits until it answers. Throws PartFailure when it does not, and when it is stopped meanwhile. */
  async start(): Promise<void> {
    await this.#comeUp()
    void this.#keepUp()
  }

  /** Asks the part to end, and ends it after ten seconds. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    if (this.#life !== undefined) await this.#end(this.#life)
  }

  async #comeUp(): Promise<void> {
    const life = this.#spawn()
    const deadline = life.startedAt + this.spec.readyWithinMs
    while (!(await this.spec.ready()) || life.how !== undefined) {
      if (life.how !== undefined) throw new PartFailure(`${this.spec.name} ${life.how}`, codeOf(life))
      if (this.#now() > deadline) {
        await this.#end(life)
        const reason = `${this.spec.name} gave no answer within ${this.spec.readyWithinMs / 1_000} s`
        throw new PartFailure(reason, 1)
      }
      if (this.#isStopping()) await life.ended
      else await sleep(ASK_EVERY_MS, this.#stopping.signal)
    }
  }

  async #keepUp(): Promise<void> {
    for (;;) {
      const how = await this.#life?.ended
      if (this.#isStopping()) return
      if (this.#hasSettled()) this.#shortLives = 0
      else this.#shortLives += 1
      const reason = this.#reasonToGiveUp(how)
      if (reason !== undefined) return this.#deps.onGiveUp(this, reason, codeOf(this.#life))
      const waitMs = this.#waitMs()
      const when = waitMs === 0 ? 'at once' : `in ${waitMs} ms`
      this.#deps.tell(`${this.spec.name} ${how}; starting it again ${when}`)
      if (waitMs > 0) await sleep(waitMs, this.#stopping.signal)
      if (this.#isStopping()) return
      await this.#comeUp().then(
        () => this.#deps.onRestart(this),
        () => {}, // its end is counted by the next round
      )
    }
  }

  /** A part that had settled has shown that it can stay up: every moment of waiting would be one without service. */
  #waitMs(): number {
    return this.#shortLives === 0 ? 0 : backoffMs(this.#shortLives - 1, RESTART, this.#deps.random)
  }

  #reasonToGiveUp(how: string | undefined): string | undefined {
    if (codeOf(this.#life) === EX_CONFIG) return `${how}: something must be changed before it can start again`
    if (this.#shortLives < MAX_SHORT_LIVES) return undefined
    return `could not stay up for a minute ${MAX_SHORT_LIVES} times in a row (last: ${how})`
  }

  #spawn(): Life {
    if (this.#isStopping()) throw new PartFailure(`${this.spec.name} is not wanted any more`, 1)
    const { command, args, env, cwd, output, prepare } = this.spec
    prepare?.()
    const child = spawn(command, args, {
      cwd,
      env: { ...env },
      stdio: ['ignore', output.stdout, output.stderr],
      detached: true, // Ctrl-C in a terminal reaches the supervisor alone, which ends the parts in order
    })
    const { pid } = child
    if (pid !== undefined) this.#deps.guard.add(pid)
    const life: Life = { child, startedAt: this.#now(), ended: endOf(child) }
    this.#life = life
    void life.ended.then(how => {
      life.how = how
      if (pid !== undefined) this.#deps.guard.remove(pid)
    })
    return life
  }

  async #end({ child, ended }: Life): Promise<void> {
    child.kill('SIGTERM')
    const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
    await ended
    clearTimeout(killer)
  }

  #hasSettled(): boolean {
    return this.#life !== undefined && this.#now() - this.#life.startedAt >= SETTLED_AFTER_MS
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  #now(): number {
    return this.#deps.now().getTime()
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

function endOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => {
      if (child.pid === undefined) resolve(`cannot be started: ${reasonOf(error)}`)
    })
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    )
  })
}

function codeOf(life: Life | undefined): number {
  return life?.child.exitCode || 1
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
