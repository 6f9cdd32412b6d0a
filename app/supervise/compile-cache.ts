import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Config } from '../config/config.ts'
import { compiledFor, FRUGAL, nodeEnvironment } from './app-command.ts'

/*
 * Reading and compiling our modules takes most of the app's start, and so of a recovery. Node can keep what it has compiled,
 * but only in a folder that the process may write; code that a taken-over app could leave there for its next life would
 * outlast every restart. So the app never sees the folder in which it is kept: each life gets a fresh copy.
 */

export type Compiled = {
  /** Gives the next life of the app its own copy of what is kept, in the place of whatever the last one has left. */
  handOut(): void
  /**
   * Once everything runs: compiles the app for lives to come, unless that is done, and makes copies for the next ones while nobody
   * waits, as fifteen hundred files take half a second, or two. An installation that must not be written to stays without.
   */
  keep(): Promise<void>
  /** Ends compiling, waits a second or two for the copy that is being made, and removes those that nobody has used. */
  close(): Promise<void>
}

/** One for the next life, and one for the life after one that ended before another could be made. */
const SPARES = 2

export function createCompiled(config: Config): Compiled {
  const copy = compiledFor(config)
  const spares = join(sparesIn(config), String(process.pid))
  const whole: string[] = []
  const stopping = new AbortController()
  let compiling: Promise<void> | undefined
  let keeping: Promise<void> | undefined
  let [lives, made] = [0, 0]
  removeLeftovers(config)

  return {
    handOut() {
      discard(copy, `${copy}-${lives++}`)
      if (!isFresh(config)) return
      const spare = whole.shift()
      if (spare !== undefined && move(spare, copy)) return
      try {
        cpSync(keptIn(config), copy, { recursive: true })
      } catch {
        remove(copy) // no room: the app compiles by itself
      }
    },
    async keep() {
      keeping ??= makeSpares().finally(() => {
        keeping = undefined
      })
      await keeping
    },
    async close() {
      stopping.abort()
      await keeping // what is still being written cannot be removed
      remove(spares)
    },
  }

  async function makeSpares(): Promise<void> {
    if (!isFresh(config)) compiling ??= compile(config, stopping.signal) // once: where it fails, it fails again
    await compiling
    while (whole.length < SPARES && isFresh(config) && !stopping.signal.aborted) {
      const spare = join(spares, String(made++))
      if (!(await copied(keptIn(config), spare))) break
      whole.push(spare)
    }
  }
}

/** False, and nothing is left, when there is no room or nothing may be written there: the next life waits for its copy. */
async function copied(from: string, to: string): Promise<boolean> {
  try {
    await cp(from, to, { recursive: true }) // with a filter that could end it, it takes three times as long
    return true
  } catch {
    remove(to)
    return false
  }
}

/** False between file systems. */
function move(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch {
    return false
  }
}

/** Out of the way at once, and gone a little later. */
function discard(folder: string, aside: string): void {
  if (!existsSync(folder)) return
  renameSync(folder, aside)
  rm(aside, { recursive: true, force: true }).catch(() => {}) // the next supervisor tries again
}

/** What supervisors that were killed could not remove. */
function removeLeftovers(config: Config): void {
  const [spares, copy] = [sparesIn(config), compiledFor(config)]
  for (const pid of namesIn(spares).filter(name => !isAlive(Number(name)))) remove(join(spares, pid))
  const isAside = (name: string) => name.startsWith(`${basename(copy)}-`)
  for (const name of namesIn(dirname(copy)).filter(isAside)) remove(join(dirname(copy), name))
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    // No reason not to start or not to end: the next supervisor tries again.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** In a process that opens no store and no secret. Without it the app starts as well, only slower. */
async function compile(config: Config, signal: AbortSignal): Promise<void> {
  const args = [...FRUGAL, '--no-warnings', join(config.root, 'app', 'compile.ts')]
  const env = { ...nodeEnvironment(config), NODE_COMPILE_CACHE: keptIn(config) }
  try {
    remove(keptIn(config)) // what was compiled of files that were different would be copied for each life
    const options = { cwd: config.root, env, stdio: 'ignore', signal, killSignal: 'SIGKILL' } as const
    const [code] = await once(spawn(process.execPath, args, options), 'exit')
    if (code === 0 && existsSync(keptIn(config))) writeFileSync(markOf(config), '')
  } catch {
    // It was ended, or nothing may be written there.
  }
}

/** Whether what is kept was compiled after the last change of the app or of what it imports. Not while files come and go. */
function isFresh(config: Config): boolean {
  try {
    return statSync(markOf(config)).mtimeMs > changedAt(config)
  } catch {
    return false
  }
}

function changedAt({ root }: Config): number {
  const app = join(root, 'app')
  const files = readdirSync(app, { recursive: true, encoding: 'utf8' }).map(file => join(app, file))
  return Math.max(...[join(root, 'package-lock.json'), ...files].map(file => statSync(file).mtimeMs))
}

function keptIn({ root }: Config): string {
  return join(root, '.runtime', 'compiled')
}

/** Beside what is kept and not with the app's data: the app must not be able to write to what a later life will run. */
function sparesIn({ root }: Config): string {
  return join(root, '.runtime', 'compiled-spares')
}

function markOf(config: Config): string {
  return join(keptIn(config), 'made')
}
